/* Filling the model's inputs: from files, or with repeatable random numbers. */
#ifndef DEVICE_RUNNER_INPUTS_H_
#define DEVICE_RUNNER_INPUTS_H_

#include "session.h"

bool inputs_fill(session *s);

/* The writable buffer of input `index`; NULL after a failure. */
void *inputs_buffer(session *s, size_t index);

#endif /* DEVICE_RUNNER_INPUTS_H_ */
