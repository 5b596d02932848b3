/* The MindSpore Lite runtime, opened at run time. */
#ifndef DEVICE_RUNNER_RUNTIME_H_
#define DEVICE_RUNNER_RUNTIME_H_

#include <stdbool.h>

#include "failure.h"
#include "oh_ai.h"

#define RUNTIME_FIELD(result, name, arguments) result(*name) arguments;

typedef struct {
  char library[4096];  /* the path that the loader found, or the name that was asked for */
  const char *prefix;  /* "OH_AI_" or "MS" */
  OH_AI_REQUIRED(RUNTIME_FIELD)
  OH_AI_OPTIONAL(RUNTIME_FIELD) /* NULL where the library is too old */
} runtime;

#undef RUNTIME_FIELD

/* Opens `path`, or when it is empty $PIPELINE_RUNTIME, the bare soname, the system's library. */
bool runtime_open(runtime *out, const char *path, failure *why);

#endif /* DEVICE_RUNNER_RUNTIME_H_ */
