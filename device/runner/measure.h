/* Timed inferences. */
#ifndef DEVICE_RUNNER_MEASURE_H_
#define DEVICE_RUNNER_MEASURE_H_

#include "session.h"

/* Inferences that no figure counts. */
bool measure_warm_up(session *s);

/* Room for `count` samples, so that the loop allocates nothing. */
bool measure_reserve(session *s, size_t count);

/* One timed inference, appended to the samples; profiled when that was asked for. */
bool measure_once(session *s);

/* The benchmark: warm-up, then loopCount inferences on one input. */
bool measure_run(session *s);

#endif /* DEVICE_RUNNER_MEASURE_H_ */
