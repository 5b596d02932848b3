#include "platform.h"

#include "places.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sha256.h"

bool places_path(char out[MOST_PATH], const char *folder, const char *a, const char *b) {
  const int size = snprintf(out, MOST_PATH, "%s/%s%s%s", folder, a, b != NULL ? "/" : "", b != NULL ? b : "");
  return size > 0 && size < MOST_PATH;
}

bool places_of_call(char out[MOST_PATH], const char *folder, const char *session, int number, const char *suffix) {
  const int size = snprintf(out, MOST_PATH, "%s/calls/%s/%d.%s", folder, session, number, suffix);
  return size > 0 && size < MOST_PATH;
}

static bool make(const char *folder, const char *a, const char *b) {
  char path[MOST_PATH];
  if (!places_path(path, folder, a, b)) {
    errno = ENAMETOOLONG;
    return false;
  }
  return mkdir(path, 0755) == 0 || errno == EEXIST;
}

bool places_make(const char *folder, const char *session) {
  return make(folder, "objects", NULL) && make(folder, "incoming", NULL) && make(folder, "calls", NULL) &&
         make(folder, "calls", session);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at) {
  (void)info;
  (void)kind;
  (void)at;
  remove(path);
  return 0;
}

static void remove_tree(const char *path) { nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

void places_list(const char *path, void (*each)(void *context, const char *path, const char *name), void *context) {
  char inner[MOST_PATH];
  DIR *folder = opendir(path);
  if (folder == NULL) {
    return;
  }
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && places_path(inner, path, name, NULL)) {
      each(context, inner, name);
    }
  }
  closedir(folder);
}

static void remove_other(void *context, const char *path, const char *name) {
  if (strcmp(name, (const char *)context) != 0) {
    remove_tree(path);
  }
}

void places_tidy(const char *folder, const char *session) {
  char path[MOST_PATH];
  char *kept = (char *)session;
  if (places_path(path, folder, "calls", NULL)) {
    places_list(path, remove_other, kept);
  }
  if (places_path(path, folder, "incoming", NULL)) {
    places_list(path, remove_other, "");
  }
}

/* A hash, and perhaps a dot and an ending of [a-z0-9]. */
static bool split_name(const char *name, char hash[SHA256_TEXT]) {
  const char *ending = name + SHA256_TEXT - 1;
  if (strlen(name) < SHA256_TEXT - 1) {
    return false;
  }
  snprintf(hash, SHA256_TEXT, "%s", name);
  return sha256_is_text(hash) &&
         (ending[0] == '\0' ||
          (ending[0] == '.' && strspn(ending + 1, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(ending + 1)));
}

static bool is_whole(const char *path, const char *hash) {
  char found[SHA256_TEXT];
  uint64_t size = 0;
  return sha256_file(path, found, &size) && strcmp(found, hash) == 0;
}

bool places_has(const char *folder, const char *name) {
  char hash[SHA256_TEXT];
  char object[MOST_PATH];
  char incoming[MOST_PATH];
  if (!split_name(name, hash) || !places_path(object, folder, "objects", name) ||
      !places_path(incoming, folder, "incoming", name)) {
    return false;
  }
  if (is_whole(object, hash)) {
    unlink(incoming);
    return true;
  }
  unlink(object);
  if (is_whole(incoming, hash) && rename(incoming, object) == 0) {
    return true;
  }
  unlink(incoming);
  return false;
}

bool places_is_session(const char *name) {
  const size_t size = strlen(name);
  return size >= 8 && size <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") == size;
}
