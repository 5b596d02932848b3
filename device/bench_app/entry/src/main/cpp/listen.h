/* What runs print, which in an app goes nowhere: into a file, and line by line to who wants to know. */
#ifndef BENCH_APP_LISTEN_H_
#define BENCH_APP_LISTEN_H_

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Gets each line, cut to a length that a log takes, from a thread of its own. */
typedef void (*listen_line)(void *context, const char *line);

enum { MOST_LINE = 800 };

typedef struct {
  listen_line tell;
  void *context;
  char line[MOST_LINE];
  size_t filled;
  FILE *log;
  const char *beat; /* a file that counts seconds while this process lives */
  int reading;
  int kept[2]; /* standard output and error as they were */
  bool began;
  pthread_t thread;
} listener;

/* From now on standard output and error go to the file `log`.  False with errno set. */
bool listen_begin(listener *l, const char *log, const char *beat, listen_line tell, void *context);

/* As it was before; all that was printed is in the file.  False when some of it is not. */
bool listen_end(listener *l);

#endif /* BENCH_APP_LISTEN_H_ */
