/* What the app answers, as JSON:
 *
 *   {"schema":1, "app":"1.0.0", "runner":"pipeline-runner 1.0.0", "library_sha256":HEX|null,
 *    "session":TEXT, "call":N, "folder":PATH,
 *    "status":"hello"|"missing"|"refused"|"done", "reason":TEXT,
 *    "objects":[NAME, ...], "missing":[NAME or the request's hash, ...], "codes":[0, ...],
 *    "files":[{"path":PATH,"sha256":HEX,"size_bytes":N}, ...]} */
#ifndef BENCH_APP_ANSWER_H_
#define BENCH_APP_ANSWER_H_

#include <stdbool.h>
#include <stddef.h>

#include "call.h"
#include "request.h"

typedef struct {
  const char *status;
  char reason[512];
  const char *missing[MOST_RUNS];
  size_t missing_count;
  int codes[MOST_RUNS];
  size_t code_count;
  const char *log; /* what the runs printed; NULL when none ran */
} answer;

/* Writes the answer with the hashes of the files that `asked` wants kept.  False when that fails. */
bool answer_write(const answer *a, const call *c, const request *asked);

#endif /* BENCH_APP_ANSWER_H_ */
