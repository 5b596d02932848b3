/* New shapes for the inputs: --inputShapes by position, --inputShape by name. */
#ifndef DEVICE_RUNNER_SHAPES_H_
#define DEVICE_RUNNER_SHAPES_H_

#include "failure.h"
#include "options.h"
#include "runtime.h"

bool shapes_wanted(const options *opt);

bool shapes_apply(const runtime *rt, void *model, oh_ai_tensors inputs, const options *opt, failure *why);

#endif /* DEVICE_RUNNER_SHAPES_H_ */
