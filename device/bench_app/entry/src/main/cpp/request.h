/* What the computer asks for: lines of a keyword, a blank and a value.
 *
 *   mslite-bench 1
 *   need SHA256.ms       a file that has to be among the objects, or has just come
 *   run                  begins a run
 *   arg --loopCount=10   an argument of it, as the runner takes it
 *   keep PATH            a file that runs leave, to be removed before and hashed afterwards
 *   end                  the last line, so that a request that was cut is none */
#ifndef BENCH_APP_REQUEST_H_
#define BENCH_APP_REQUEST_H_

#include <stdbool.h>
#include <stddef.h>

enum { MOST_LINES = 4096, MOST_RUNS = 256 };

typedef struct {
  const char *keyword;
  const char *value;
} request_line;

typedef struct {
  char *text; /* owns what the lines point into */
  request_line *lines;
  size_t count;
} request;

typedef enum { REQUEST_GOOD, REQUEST_DAMAGED, REQUEST_UNKNOWN } request_state;

/* Reads the request in a file whose content has to have the hash `expected`.
 * One that came only partly is damaged; of one that is not understood `why` (of `size` bytes) says why. */
request_state request_read(request *out, const char *path, const char *expected, char *why, size_t size);

void request_free(request *in);

#endif /* BENCH_APP_REQUEST_H_ */
