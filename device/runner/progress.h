/* A line on stdout every few seconds, so that a long run is told from one that hangs. */
#ifndef DEVICE_RUNNER_PROGRESS_H_
#define DEVICE_RUNNER_PROGRESS_H_

#include <stdint.h>

typedef struct {
  const char *what;  /* "warm-up" or "benchmark" */
  uint64_t done;     /* inferences */
  uint64_t begin_ns;
  uint64_t told_ns;  /* when the last line was written */
} progress;

void progress_begin(progress *p, const char *what);

/* Prints how far the loop is when the last line is old enough. */
void progress_tell(progress *p, uint64_t now);

/* When the next line is due. */
uint64_t progress_due_ns(const progress *p);

#endif /* DEVICE_RUNNER_PROGRESS_H_ */
