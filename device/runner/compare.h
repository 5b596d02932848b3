/* Accuracy mode: one inference against reference outputs, with the official tool's measures and lines. */
#ifndef DEVICE_RUNNER_COMPARE_H_
#define DEVICE_RUNNER_COMPARE_H_

#include "session.h"

bool compare_run(session *s);

/* Mean relative error over the elements that deviate by more than 1e-8 + 1e-5 |reference|; 0 when none does.
 * Where the reference is nought, the absolute error counts if it exceeds 1e-5.  Negative: nan or inf. */
double compare_bias(const void *data, int dtype, const double *reference, size_t count);

/* Cosine similarity; 1 for two zero vectors, 0 when only one is zero. */
double compare_cosine(const void *data, int dtype, const double *reference, size_t count);

#endif /* DEVICE_RUNNER_COMPARE_H_ */
