/* The JSON record of a run. */
#ifndef DEVICE_RUNNER_RESULT_H_
#define DEVICE_RUNNER_RESULT_H_

#include <stdbool.h>

#include "session.h"

#define RUNNER_VERSION "1.0.0"

/* Writes --resultFile, of a success or (session.why) of a failure.  False after one line on stderr. */
bool result_write(const session *s);

#endif /* DEVICE_RUNNER_RESULT_H_ */
