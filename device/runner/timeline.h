/* When the timed inferences began and how long each took, in bounded memory. */
#ifndef DEVICE_RUNNER_TIMELINE_H_
#define DEVICE_RUNNER_TIMELINE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint64_t *samples; /* nanoseconds of each inference that was kept */
  uint64_t *starts;  /* CLOCK_MONOTONIC when it began; NULL unless asked for */
  size_t count;      /* kept */
  size_t capacity;
  size_t most_kept;  /* a full timeline grows to this, and then drops every other inference */
  uint64_t stride;   /* one inference in so many is kept */
  uint64_t seen;     /* all of them, as are the figures below */
  uint64_t least_ns;
  uint64_t longest_ns;
  uint64_t total_ns;
  uint64_t first_start_ns;
  uint64_t last_end_ns;
} timeline;

/* Room for `count` inferences that is there before the first one.  False when out of memory. */
bool timeline_reserve(timeline *t, size_t count, bool starts);

/* Adds an inference.  False when out of memory, which no call of the first `count` is. */
bool timeline_add(timeline *t, uint64_t start_ns, uint64_t elapsed_ns);

/* From the first inference's begin to the last one's end. */
uint64_t timeline_span_ns(const timeline *t);

void timeline_free(timeline *t);

#endif /* DEVICE_RUNNER_TIMELINE_H_ */
