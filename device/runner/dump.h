/* Every operator's outputs of one inference, as raw files with an index. */
#ifndef DEVICE_RUNNER_DUMP_H_
#define DEVICE_RUNNER_DUMP_H_

#include <stdbool.h>

#include "session.h"

/* Removes an earlier index of that folder, so that nobody takes it for this run's. */
void dump_forget(const char *folder);

/* One inference over the first sample (or inDataFile, or random data), --dumpDir filled.
 *
 * The folder gets N.K.bin for output K of the N-th operator that ran, and last, when all of them are
 * there, index.json. */
bool dump_run(session *s);

#endif /* DEVICE_RUNNER_DUMP_H_ */
