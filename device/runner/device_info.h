/* Which devices a context may use. */
#ifndef DEVICE_RUNNER_DEVICE_INFO_H_
#define DEVICE_RUNNER_DEVICE_INFO_H_

#include <stdbool.h>

#include "session.h"

/* Adds the CPU; before it, where asked for, the first NNRT device.  Order is priority. */
bool device_info_add(session *s);

#endif /* DEVICE_RUNNER_DEVICE_INFO_H_ */
