/* Files that appear whole or not at all: written beside their place, synced, then renamed. */
#ifndef DEVICE_RUNNER_OUTFILE_H_
#define DEVICE_RUNNER_OUTFILE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct {
  FILE *stream;
  const char *path;
  char *temporary; /* NULL when the path is a device or a pipe, which is written directly */
  int error;       /* errno of the first failure */
} outfile;

bool outfile_open(outfile *file, const char *path);
bool outfile_write(outfile *file, const void *data, size_t size);

/* Flushes, syncs, closes and renames.  False (nothing under the final name) when any of it failed. */
bool outfile_commit(outfile *file);

/* Removes an earlier file of that name, so that nobody takes it for the result of this run. */
void outfile_forget(const char *path);

/* Drops what was written.  Harmless on a file that is not open. */
void outfile_abort(outfile *file);

#endif /* DEVICE_RUNNER_OUTFILE_H_ */
