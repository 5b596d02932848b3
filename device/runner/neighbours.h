/* Other models that stay loaded in this process while one is measured, as a watch has them. */
#ifndef DEVICE_RUNNER_NEIGHBOURS_H_
#define DEVICE_RUNNER_NEIGHBOURS_H_

#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "session.h"

typedef struct {
  options opt;
  session session;
  uint64_t memory_bytes; /* what the process grew by, weights and buffers */
} neighbour;

typedef struct neighbours {
  string_list paths; /* of --alsoLoad */
  neighbour *items;  /* in that order */
  size_t count;      /* those that were tried */
} neighbours;

/* Builds each model of --alsoLoad and runs it once on random data.  False after a failure in `why`. */
bool neighbours_open(neighbours *list, const options *opt, failure *why);

void neighbours_close(neighbours *list);

#endif /* DEVICE_RUNNER_NEIGHBOURS_H_ */
