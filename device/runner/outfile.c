#include "platform.h"

#include "outfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool broke(outfile *file) {
  if (file->error == 0) {
    file->error = errno != 0 ? errno : EIO;
  }
  return false;
}

static bool is_special(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

void outfile_forget(const char *path) {
  struct stat info;
  if (path[0] != '\0' && lstat(path, &info) == 0 && S_ISREG(info.st_mode)) {
    unlink(path);
  }
}

bool outfile_open(outfile *file, const char *path) {
  memset(file, 0, sizeof(*file));
  file->path = path;
  errno = 0;
  if (!is_special(path)) {
    const size_t size = strlen(path) + sizeof(".tmp");
    file->temporary = malloc(size);
    if (file->temporary == NULL) {
      return broke(file);
    }
    snprintf(file->temporary, size, "%s.tmp", path);
  }
  file->stream = fopen(file->temporary != NULL ? file->temporary : path, "wb");
  if (file->stream == NULL) {
    broke(file);
    free(file->temporary);
    file->temporary = NULL;
    return false;
  }
  return true;
}

bool outfile_write(outfile *file, const void *data, size_t size) {
  errno = 0;
  return size == 0 || fwrite(data, 1, size, file->stream) == size || broke(file);
}

bool outfile_commit(outfile *file) {
  errno = 0;
  bool good = file->error == 0 && !ferror(file->stream) && fflush(file->stream) == 0;
  if (good && file->temporary != NULL) {
    good = fsync(fileno(file->stream)) == 0;
  }
  if (!good) {
    broke(file);
  }
  if (fclose(file->stream) != 0) {
    good = broke(file);
  }
  file->stream = NULL;
  if (good && file->temporary != NULL) {
    good = rename(file->temporary, file->path) == 0 || broke(file);
  }
  if (good) {
    free(file->temporary);
    file->temporary = NULL;
  }
  outfile_abort(file);
  return good;
}

void outfile_abort(outfile *file) {
  if (file->stream != NULL) {
    fclose(file->stream);
    file->stream = NULL;
  }
  if (file->temporary != NULL) {
    unlink(file->temporary);
    free(file->temporary);
    file->temporary = NULL;
  }
}
