/* One inference every so often, by absolute deadlines: what one is late is not carried on to the next. */
#ifndef DEVICE_RUNNER_PACE_H_
#define DEVICE_RUNNER_PACE_H_

#include <stdint.h>

#include "progress.h"

typedef struct {
  uint64_t interval_ns; /* 0: back to back */
  uint64_t due_ns;      /* CLOCK_MONOTONIC of the next inference; 0 before the first */
  uint64_t late;        /* inferences that were due while the one before was still running */
} pace;

/* Waits until the next inference is due, or this process is asked to stop. */
void pace_wait(pace *p, progress *said);

#endif /* DEVICE_RUNNER_PACE_H_ */
