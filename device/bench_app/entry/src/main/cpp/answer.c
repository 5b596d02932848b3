#include "platform.h"

#include "answer.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "outfile.h"
#include "places.h"
#include "result.h"
#include "sha256.h"

static void member_text(json_writer *json, const char *key, const char *value) {
  json_key(json, key);
  json_text(json, value);
}

/* The hash of the file that holds this code; within a package that was not unpacked there is none. */
static void write_library(json_writer *json) {
  static const char kHere = 0;
  char hash[SHA256_TEXT];
  uint64_t size = 0;
  Dl_info info;
  json_key(json, "library_sha256");
  if (dladdr(&kHere, &info) != 0 && info.dli_fname != NULL && sha256_file(info.dli_fname, hash, &size)) {
    json_text(json, hash);
  } else {
    json_null(json);
  }
}

static void write_object(void *context, const char *path, const char *name) {
  (void)path;
  json_text((json_writer *)context, name);
}

static void write_objects(json_writer *json, const call *c) {
  char path[MOST_PATH];
  json_key(json, "objects");
  json_open(json, '[');
  if (places_path(path, c->folder, "objects", NULL)) {
    places_list(path, write_object, json);
  }
  json_close(json, ']');
}

static void write_file(json_writer *json, const char *path) {
  char hash[SHA256_TEXT];
  uint64_t size = 0;
  if (!sha256_file(path, hash, &size)) {
    return; /* what a run did not leave is not listed */
  }
  json_open(json, '{');
  member_text(json, "path", path);
  member_text(json, "sha256", hash);
  json_key(json, "size_bytes");
  json_uint(json, size);
  json_close(json, '}');
}

static void write_files(json_writer *json, const answer *a, const request *asked) {
  json_key(json, "files");
  json_open(json, '[');
  if (a->log != NULL) {
    write_file(json, a->log);
  }
  for (size_t i = 0; i < asked->count; ++i) {
    if (strcmp(asked->lines[i].keyword, "keep") == 0) {
      write_file(json, asked->lines[i].value);
    }
  }
  json_close(json, ']');
}

static void write_members(json_writer *json, const answer *a, const call *c, const request *asked) {
  json_key(json, "schema");
  json_int(json, 1);
  member_text(json, "app", BENCH_APP_VERSION);
  member_text(json, "runner", "pipeline-runner " RUNNER_VERSION);
  write_library(json);
  member_text(json, "session", c->session);
  json_key(json, "call");
  json_int(json, c->number);
  member_text(json, "folder", c->folder);
  member_text(json, "status", a->status);
  member_text(json, "reason", a->reason);
  write_objects(json, c);
  json_key(json, "missing");
  json_open(json, '[');
  for (size_t i = 0; i < a->missing_count; ++i) {
    json_text(json, a->missing[i]);
  }
  json_close(json, ']');
  json_key(json, "codes");
  json_open(json, '[');
  for (size_t i = 0; i < a->code_count; ++i) {
    json_int(json, a->codes[i]);
  }
  json_close(json, ']');
  write_files(json, a, asked);
}

static bool write_record(const answer *a, const call *c, const request *asked, const char *path) {
  outfile file;
  json_writer json = {&file, false};
  if (!outfile_open(&file, path)) {
    return false;
  }
  json_open(&json, '{');
  write_members(&json, a, c, asked);
  json_close(&json, '}');
  return outfile_commit(&file);
}

static bool write_hash(const char *record, const char *path) {
  char hash[SHA256_TEXT];
  uint64_t size = 0;
  outfile file;
  if (!sha256_file(record, hash, &size) || !outfile_open(&file, path)) {
    return false;
  }
  outfile_write(&file, hash, strlen(hash));
  outfile_write(&file, "\n", 1);
  return outfile_commit(&file);
}

bool answer_write(const answer *a, const call *c, const request *asked) {
  char record[MOST_PATH];
  char hash[MOST_PATH];
  return places_of_call(record, c->folder, c->session, c->number, "json") &&
         places_of_call(hash, c->folder, c->session, c->number, "sha256") && write_record(a, c, asked, record) &&
         write_hash(record, hash);
}
