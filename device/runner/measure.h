/* Timed inferences. */
#ifndef DEVICE_RUNNER_MEASURE_H_
#define DEVICE_RUNNER_MEASURE_H_

#include "session.h"

/* Inferences that no figure counts. */
bool measure_warm_up(session *s);

/* Room for `count` samples, so that the loop over them allocates nothing. */
bool measure_reserve(session *s, size_t count);

/* Says that the timed loop begins. */
void measure_begin(session *s);

/* One timed inference, appended to the samples; profiled when that was asked for.  Fails when this process
 * was asked to stop. */
bool measure_once(session *s);

/* The benchmark: warm-up, then inferences on one input until loopCount and durationS are both reached. */
bool measure_run(session *s);

#endif /* DEVICE_RUNNER_MEASURE_H_ */
