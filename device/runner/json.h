/* A JSON writer that cannot produce anything but JSON. */
#ifndef DEVICE_RUNNER_JSON_H_
#define DEVICE_RUNNER_JSON_H_

#include <stdbool.h>
#include <stdint.h>

#include "outfile.h"

typedef struct {
  outfile *to;
  bool comma; /* a value stands before this place */
} json_writer;

void json_open(json_writer *json, char bracket);  /* '{' or '[' */
void json_close(json_writer *json, char bracket); /* '}' or ']' */
void json_key(json_writer *json, const char *key);
void json_text(json_writer *json, const char *text); /* bytes that are no UTF-8 become U+FFFD */
void json_int(json_writer *json, int64_t value);
void json_uint(json_writer *json, uint64_t value);
void json_bool(json_writer *json, bool value);
void json_null(json_writer *json);

#endif /* DEVICE_RUNNER_JSON_H_ */
