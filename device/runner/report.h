/* The lines that people and parsers read on stdout: those of the official benchmark tool. */
#ifndef DEVICE_RUNNER_REPORT_H_
#define DEVICE_RUNNER_REPORT_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrt.h"
#include "options.h"
#include "profile.h"
#include "tensor.h"
#include "timeline.h"

void report_options(const options *opt);
void report_build_failed(const options *opt);
void report_prepared(uint64_t load_ns);
void report_times(const options *opt, const timeline *times);

/* The tables by operator and by type.  False when out of memory. */
bool report_profile(const profile *ops, uint64_t loops);

void report_facts(const char *kind, const tensor_list *list);
void report_nnrt(const nnrt_list *devices);
void report_success(const options *opt);

/* The last lines of a run that failed, on stderr. */
void report_failure(const options *opt, int32_t code, const char *message);

#endif /* DEVICE_RUNNER_REPORT_H_ */
