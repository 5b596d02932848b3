/* The JSON record of a run. */
#ifndef DEVICE_RUNNER_RESULT_H_
#define DEVICE_RUNNER_RESULT_H_

#include <stdbool.h>

#include "json.h"
#include "session.h"

#define RUNNER_VERSION "1.1.0"

/* Writes --resultFile, of a success or (session.why) of a failure.  False after one line on stderr. */
bool result_write(const session *s);

/* What the record tells of a tensor, as members of an object that is open. */
void result_write_tensor_members(json_writer *json, const tensor_facts *facts);

#endif /* DEVICE_RUNNER_RESULT_H_ */
