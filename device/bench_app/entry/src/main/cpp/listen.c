#include "platform.h"

#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { BEAT_MS = 1000 };

static void tell(listener *l) {
  l->line[l->filled] = '\0';
  if (l->filled > 0) {
    l->tell(l->context, l->line);
  }
  l->filled = 0;
}

static void take(listener *l, const char *bytes, size_t size) {
  fwrite(bytes, 1, size, l->log);
  fflush(l->log);
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] == '\n') {
      tell(l);
    } else if (l->filled + 1 < sizeof(l->line)) {
      l->line[l->filled++] = bytes[i];
    }
  }
}

static void beat(const listener *l, unsigned count) {
  char text[16];
  const int file = open(l->beat, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  const int size = snprintf(text, sizeof(text), "%u\n", count);
  if (file >= 0) {
    (void)!write(file, text, (size_t)size);
    close(file);
  }
}

/* Reads until all writers are gone, and counts the seconds beside it. */
static void *follow(void *argument) {
  listener *l = argument;
  struct pollfd source = {l->reading, POLLIN, 0};
  char bytes[4096];
  unsigned count = 0;
  for (;;) {
    if (poll(&source, 1, BEAT_MS) == 0) {
      beat(l, ++count);
      continue;
    }
    const ssize_t got = read(l->reading, bytes, sizeof(bytes));
    if (got > 0) {
      take(l, bytes, (size_t)got);
    } else if (got == 0 || errno != EINTR) {
      tell(l);
      return NULL;
    }
  }
}

static void flush(void) {
  fflush(stdout);
  fflush(stderr);
}

static void restore(const listener *l) {
  flush();
  for (int i = 0; i < 2; ++i) {
    if (l->kept[i] >= 0) {
      dup2(l->kept[i], i + 1);
      close(l->kept[i]);
    } else {
      close(i + 1);
    }
  }
}

static void redirect(listener *l, int writing) {
  flush();
  for (int i = 0; i < 2; ++i) {
    l->kept[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 3);
    dup2(writing, i + 1);
  }
  close(writing);
}

bool listen_begin(listener *l, const char *log, const char *beat_file, listen_line to, void *context) {
  int ends[2];
  memset(l, 0, sizeof(*l));
  l->tell = to;
  l->context = context;
  l->beat = beat_file;
  l->log = fopen(log, "wb");
  if (l->log == NULL) {
    return false;
  }
  if (pipe2(ends, O_CLOEXEC) != 0) {
    fclose(l->log);
    return false;
  }
  l->reading = ends[0];
  beat(l, 0);
  redirect(l, ends[1]);
  const int failed = pthread_create(&l->thread, NULL, follow, l);
  if (failed != 0) {
    restore(l);
    close(l->reading);
    fclose(l->log);
    errno = failed;
    return false;
  }
  l->began = true;
  return true;
}

bool listen_end(listener *l) {
  if (!l->began) {
    return true;
  }
  restore(l);
  pthread_join(l->thread, NULL);
  close(l->reading);
  const bool whole = !ferror(l->log);
  return fclose(l->log) == 0 && whole;
}
