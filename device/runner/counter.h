/* Instructions executed, where an emulator counts them into a file that $PIPELINE_COUNTER names.
 *
 * Without that variable there is nothing to read, and every function here does nothing. */
#ifndef DEVICE_RUNNER_COUNTER_H_
#define DEVICE_RUNNER_COUNTER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counter_file.h"
#include "failure.h"
#include "json.h"

typedef struct {
  uint64_t executed[CLASS_COUNT];
} instructions;

/* Opens the counters and makes room for `count` samples.  False when they are named and nobody counts. */
bool counter_reserve(size_t count, failure *why);

/* Whether instructions are counted. */
bool counter_on(void);

/* All that was executed until now, by every thread. */
instructions counter_read(void);

/* Adds to `sum` what was executed since `start`, without the two reads. */
void counter_add_since(const instructions *start, instructions *sum);

void counter_sum(const instructions *value, instructions *sum);

/* The window around an inference; kept, it becomes a sample. */
void counter_begin(void);
void counter_end(void);
void counter_keep(void);

/* What the runtime does between two operators is mostly for the callbacks: to hand them tensors and names.
 * Enter adds what was executed since leave, if that was within the same inference, and tells whether it was. */
bool counter_enter(instructions *sum);
void counter_leave(void);

/* The member "instructions" with one object for each sample; nothing when none are counted. */
void counter_write_samples(json_writer *json);

/* The member `key` with one object, null for NULL; nothing when none are counted. */
void counter_write(json_writer *json, const char *key, const instructions *value);

#endif /* DEVICE_RUNNER_COUNTER_H_ */
