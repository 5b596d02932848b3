#include "platform.h"

#include "call.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "listen.h"
#include "places.h"
#include "request.h"
#include "runner.h"
#include "sha256.h"

enum { MOST_ARGUMENTS = 256 };

/* What was said last, and how much; the run and the thread that listens to it both speak. */
static struct {
  pthread_mutex_t lock;
  unsigned count;
  char line[MOST_LINE];
} said = {PTHREAD_MUTEX_INITIALIZER, 0, ""};

static void say(const call *c, const char *kind, const char *text) {
  char line[MOST_LINE + 160];
  pthread_mutex_lock(&said.lock);
  snprintf(said.line, sizeof(said.line), "%s", text);
  snprintf(line, sizeof(line), "%s-%d %u %s %s", c->session, c->number, ++said.count, kind, text);
  c->say(line);
  pthread_mutex_unlock(&said.lock);
}

void call_last_line(char *out, unsigned long size) {
  pthread_mutex_lock(&said.lock);
  snprintf(out, size, "%s", said.line);
  pthread_mutex_unlock(&said.lock);
}

static void say_line(void *context, const char *line) { say(context, "says", line); }

static bool refuse(answer *a, const char *reason) {
  a->status = "refused";
  snprintf(a->reason, sizeof(a->reason), "%s: %s", reason, strerror(errno));
  return false;
}

/* False with the answer that says why there is nothing to carry out. */
static bool read_request(const call *c, request *asked, answer *a) {
  char name[MOST_PATH];
  char path[MOST_PATH];
  a->status = "refused";
  if (!sha256_is_text(c->request) || !places_path(name, "incoming", c->request, NULL) ||
      !places_path(path, c->folder, name, NULL)) {
    snprintf(a->reason, sizeof(a->reason), "not the hash of a request");
    return false;
  }
  const request_state state = request_read(asked, path, c->request, a->reason, sizeof(a->reason));
  unlink(path);
  if (state == REQUEST_DAMAGED) {
    a->status = "missing";
    a->missing[a->missing_count++] = c->request;
  }
  return state == REQUEST_GOOD;
}

static void find_missing(const call *c, const request *asked, answer *a) {
  const size_t most = sizeof(a->missing) / sizeof(a->missing[0]);
  for (size_t i = 0; i < asked->count && a->missing_count < most; ++i) {
    const request_line *line = &asked->lines[i];
    if (strcmp(line->keyword, "need") == 0 && !places_has(c->folder, line->value)) {
      a->missing[a->missing_count++] = line->value;
    }
  }
}

static void forget_kept(const request *asked) {
  for (size_t i = 0; i < asked->count; ++i) {
    if (strcmp(asked->lines[i].keyword, "keep") == 0) {
      unlink(asked->lines[i].value);
    }
  }
}

/* The run that begins behind line `at`; its arguments are the lines up to the next that is none. */
static int run_one(const request *asked, size_t at) {
  char *arguments[MOST_ARGUMENTS + 2] = {(char *)"runner"};
  int count = 1;
  for (size_t i = at + 1; i < asked->count && strcmp(asked->lines[i].keyword, "arg") == 0; ++i) {
    if (count > MOST_ARGUMENTS) {
      fprintf(stderr, "too many arguments\n");
      return -1;
    }
    arguments[count++] = (char *)asked->lines[i].value;
  }
  return runner_main(count, arguments);
}

static void run_all(const request *asked, answer *a) {
  for (size_t i = 0; i < asked->count && a->code_count < MOST_RUNS; ++i) {
    if (strcmp(asked->lines[i].keyword, "run") != 0) {
      continue;
    }
    a->codes[a->code_count] = run_one(asked, i);
    if (a->codes[a->code_count++] != 0) {
      return;
    }
  }
}

/* Runs while the log is kept, which `log` names and the answer then has the hash of. */
static bool run_logged(const call *c, const request *asked, answer *a, char log[MOST_PATH]) {
  char beat[MOST_PATH];
  listener l;
  if (!places_of_call(log, c->folder, c->session, c->number, "log") ||
      !places_path(beat, c->folder, "calls", c->session)) {
    errno = ENAMETOOLONG;
    return refuse(a, "no place for the log");
  }
  strncat(beat, "/beat", sizeof(beat) - strlen(beat) - 1);
  if (!listen_begin(&l, log, beat, say_line, (void *)c)) {
    return refuse(a, "the log cannot be kept");
  }
  run_all(asked, a);
  if (!listen_end(&l)) {
    return refuse(a, "the log could not be written");
  }
  a->log = log;
  a->status = "done";
  return true;
}

static void carry_out(const call *c, request *asked, answer *a, char log[MOST_PATH]) {
  if (!read_request(c, asked, a)) {
    return;
  }
  find_missing(c, asked, a);
  if (a->missing_count > 0) {
    a->status = "missing";
    return;
  }
  forget_kept(asked);
  run_logged(c, asked, a, log);
}

bool call_run(const call *c) {
  char log[MOST_PATH];
  request asked;
  answer a;
  memset(&asked, 0, sizeof(asked));
  memset(&a, 0, sizeof(a));
  if (!places_is_session(c->session) || c->number < 0 || !places_make(c->folder, c->session)) {
    say(c, "failed", "no place to work in");
    return false;
  }
  say(c, "begins", BENCH_APP_VERSION);
  if (c->request[0] == '\0') {
    places_tidy(c->folder, c->session);
    a.status = "hello";
  } else {
    carry_out(c, &asked, &a, log);
  }
  const bool good = answer_write(&a, c, &asked);
  say(c, good ? "ends" : "failed", good ? a.status : "the answer cannot be written");
  request_free(&asked);
  return good;
}
