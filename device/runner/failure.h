/* What went wrong: where, with which status, in one line. */
#ifndef DEVICE_RUNNER_FAILURE_H_
#define DEVICE_RUNNER_FAILURE_H_

#include <stdbool.h>
#include <stdint.h>

#include "platform.h"

typedef struct {
  const char *stage; /* "load", "build", "input", "predict", "output" or "stop"; NULL while all is well */
  int32_t code;      /* status of the runtime, or -1 */
  char message[768];
} failure;

/* Records the failure and returns false, so that callers can `return fail(...)`. */
bool fail(failure *what, const char *stage, int32_t code, const char *format, ...) PRINTF_LIKE(4, 5);

#endif /* DEVICE_RUNNER_FAILURE_H_ */
