/* Time per operator, gathered by the runtime's callbacks. */
#ifndef DEVICE_RUNNER_PROFILE_H_
#define DEVICE_RUNNER_PROFILE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counter.h"
#include "oh_ai.h"

typedef struct {
  char *name;
  char *type;
  uint64_t calls;
  uint64_t total_ns;
  instructions counted; /* in all calls, with what the runtime does for the callbacks */
  instructions callback; /* before those calls that were not the first of their inference */
  uint64_t callback_calls;
  uint64_t tensors; /* inputs and outputs, which the runtime hands to the callbacks */
} profile_row;

typedef struct {
  profile_row *rows; /* in the order of their first call */
  size_t count;
  size_t capacity;
} profile;

/* The callbacks carry no user pointer, so the one profile that they write to is global. */
void profile_start(profile *into);
bool profile_stop(void); /* false when rows were lost for want of memory */

bool profile_before(oh_ai_tensors inputs, oh_ai_tensors outputs, oh_ai_node node);
bool profile_after(oh_ai_tensors inputs, oh_ai_tensors outputs, oh_ai_node node);

/* The same rows, sorted by name (by_type: added up by type).  False when out of memory. */
bool profile_sorted(const profile *from, bool by_type, profile *into);

void profile_free(profile *p);

#endif /* DEVICE_RUNNER_PROFILE_H_ */
