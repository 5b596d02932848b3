/* Asking a run to stop: it ends after the inference at hand, and its record says so. */
#ifndef DEVICE_RUNNER_STOP_H_
#define DEVICE_RUNNER_STOP_H_

#include <stdbool.h>

/* From now on the first SIGTERM or SIGINT asks; a second one kills, should the runtime hang. */
void stop_listen(void);

/* Signals mean again what they meant before. */
void stop_forget(void);

/* The signal that asked, or 0. */
int stop_asked(void);

#endif /* DEVICE_RUNNER_STOP_H_ */
