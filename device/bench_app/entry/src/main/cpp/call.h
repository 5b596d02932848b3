/* One call of the pipeline: the app is started with it, does it, leaves an answer, and is ended. */
#ifndef BENCH_APP_CALL_H_
#define BENCH_APP_CALL_H_

#include <stdbool.h>

#define BENCH_APP_VERSION "1.0.0"

/* Gets a line for the system's log: the call's name, a running number, and what there is to say. */
typedef void (*call_say)(const char *line);

typedef struct {
  const char *folder;  /* the app's files folder */
  const char *session; /* of the pipeline's, [a-z0-9] */
  int number;          /* of the call in its session, from 0 */
  const char *request; /* SHA-256 of the request; empty: only tell who and what is here */
  call_say say;
} call;

/* Does it and writes calls/SESSION/NUMBER.json with its hash beside it, the latter last.
 * False when not even that could be written. */
bool call_run(const call *c);

/* The last line that was said, for the screen: at most `size` bytes of it. */
void call_last_line(char *out, unsigned long size);

#endif /* BENCH_APP_CALL_H_ */
