/* Which devices a context may use. */
#ifndef DEVICE_RUNNER_DEVICE_INFO_H_
#define DEVICE_RUNNER_DEVICE_INFO_H_

#include "failure.h"
#include "options.h"
#include "runtime.h"

/* Adds the CPU; before it, where asked for, the first NNRT device.  Order is priority. */
bool device_info_add(const runtime *rt, void *context, const options *opt, failure *why);

#endif /* DEVICE_RUNNER_DEVICE_INFO_H_ */
