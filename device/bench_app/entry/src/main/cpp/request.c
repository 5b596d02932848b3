#include "platform.h"

#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sha256.h"

static const char kFirst[] = "mslite-bench 1\n";

static char *read_all(const char *path, size_t *size) {
  enum { MOST_BYTES = 1 << 20 };
  char *text = malloc(MOST_BYTES + 1);
  FILE *file = fopen(path, "rb");
  *size = 0;
  if (text != NULL && file != NULL) {
    *size = fread(text, 1, MOST_BYTES, file);
    text[*size] = '\0';
  } else {
    free(text);
    text = NULL;
  }
  if (file != NULL) {
    fclose(file);
  }
  return text;
}

static bool is_the_one(const char *text, size_t size, const char *expected) {
  char found[SHA256_TEXT];
  sha256 hash;
  sha256_begin(&hash);
  sha256_add(&hash, text, size);
  sha256_end(&hash, found);
  return strcmp(found, expected) == 0;
}

static bool known(const request_line *line) {
  static const char *const kWithValue[] = {"need", "arg", "keep"};
  for (size_t i = 0; i < sizeof(kWithValue) / sizeof(kWithValue[0]); ++i) {
    if (strcmp(line->keyword, kWithValue[i]) == 0) {
      return line->value[0] != '\0';
    }
  }
  return strcmp(line->keyword, "run") == 0 && line->value[0] == '\0';
}

/* Divides the text into lines in place.  False when one is not understood or the end is missing. */
static bool split(request *out, char *at) {
  while (out->count < MOST_LINES) {
    char *end = strchr(at, '\n');
    if (end == NULL) {
      return false;
    }
    *end = '\0';
    if (strcmp(at, "end") == 0) {
      return end[1] == '\0';
    }
    char *blank = strchr(at, ' ');
    request_line *line = &out->lines[out->count++];
    if (blank != NULL) {
      *blank = '\0';
    }
    line->keyword = at;
    line->value = blank != NULL ? blank + 1 : "";
    if (!known(line)) {
      return false;
    }
    at = end + 1;
  }
  return false;
}

request_state request_read(request *out, const char *path, const char *expected, char *why, size_t size) {
  size_t bytes = 0;
  memset(out, 0, sizeof(*out));
  out->text = read_all(path, &bytes);
  out->lines = calloc(MOST_LINES, sizeof(*out->lines));
  if (out->text == NULL || out->lines == NULL || !is_the_one(out->text, bytes, expected)) {
    return REQUEST_DAMAGED;
  }
  if (strncmp(out->text, kFirst, strlen(kFirst)) != 0) {
    snprintf(why, size, "the request is of another version of the pipeline");
  } else if (strlen(out->text) != bytes || !split(out, out->text + strlen(kFirst))) {
    snprintf(why, size, "the request is not understood");
  } else {
    return REQUEST_GOOD;
  }
  return REQUEST_UNKNOWN;
}

void request_free(request *in) {
  free(in->text);
  free(in->lines);
}
