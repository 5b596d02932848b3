/* The app's native half as a program, for the emulated device: main FOLDER SESSION NUMBER [REQUEST]
 *
 * What an app says in the system's log is printed here. */
#include "platform.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"

static int out = 1;

static void print(const char *line) { dprintf(out, "%s\n", line); }

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: %s FOLDER SESSION NUMBER [REQUEST]\n", argv[0]);
    return 2;
  }
  out = fcntl(1, F_DUPFD_CLOEXEC, 3); /* runs have standard output for themselves */
  const call c = {argv[1], argv[2], atoi(argv[3]), argc > 4 ? argv[4] : "", print};
  const int status = call_run(&c) ? 0 : 1;
  fflush(NULL);
  _exit(status);
}
