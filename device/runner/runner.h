/* The runner as a function, so that an app can hold it too. */
#ifndef DEVICE_RUNNER_RUNNER_H_
#define DEVICE_RUNNER_RUNNER_H_

/* 0 when the run succeeded and all that it writes is on the disk, else 255. */
int runner_main(int argc, char **argv);

#endif /* DEVICE_RUNNER_RUNNER_H_ */
