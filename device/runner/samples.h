/* Many samples through one model in one process: their outputs, and the time of each. */
#ifndef DEVICE_RUNNER_SAMPLES_H_
#define DEVICE_RUNNER_SAMPLES_H_

#include "outfile.h"
#include "session.h"

/* Runs every sample of --samplesFile once.  Outputs go to `outputs` unless it is NULL. */
bool samples_run(session *s, outfile *outputs);

/* Appends all outputs of the last inference, raw and in order. */
bool samples_write_outputs(session *s, outfile *outputs, uint64_t *bytes);

/* Reads the first sample of --samplesFile into the inputs. */
bool samples_read_first(session *s);

#endif /* DEVICE_RUNNER_SAMPLES_H_ */
