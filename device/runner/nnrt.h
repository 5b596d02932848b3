/* The accelerators that the runtime reaches through the Neural Network Runtime. */
#ifndef DEVICE_RUNNER_NNRT_H_
#define DEVICE_RUNNER_NNRT_H_

#include <stdbool.h>
#include <stddef.h>

#include "runtime.h"

enum { MAX_NNRT_DEVICES = 16 };

typedef struct {
  char name[256];
  size_t id;
  int type; /* an NNRT device type; -1 where the runtime does not say */
} nnrt_device;

typedef struct {
  bool known; /* false: this runtime has no such functions, or nobody has asked yet */
  size_t count;
  nnrt_device items[MAX_NNRT_DEVICES];
} nnrt_list;

void nnrt_read(nnrt_list *list, const runtime *rt);

const char *nnrt_type_name(int type); /* "accelerator" ..., "unknown" */

#endif /* DEVICE_RUNNER_NNRT_H_ */
