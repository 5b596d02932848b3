#include "platform.h"

#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put(json_writer *json, const char *bytes, size_t size) { outfile_write(json->to, bytes, size); }

static void separate(json_writer *json) {
  if (json->comma) {
    put(json, ",", 1);
  }
  json->comma = true;
}

static void put_value(json_writer *json, const char *text) {
  separate(json);
  put(json, text, strlen(text));
}

void json_open(json_writer *json, char bracket) {
  separate(json);
  put(json, &bracket, 1);
  json->comma = false;
}

void json_close(json_writer *json, char bracket) {
  put(json, &bracket, 1);
  json->comma = true;
}

/* Length of the well-formed UTF-8 sequence at `text`, or 0 (RFC 3629: no overlong forms, no surrogates). */
static size_t sequence(const unsigned char *text) {
  static const struct {
    unsigned char first_low, first_high, second_low, second_high;
    size_t length;
  } kForms[] = {
    {0x00, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
  };
  for (size_t i = 0; i < sizeof(kForms) / sizeof(kForms[0]); ++i) {
    if (text[0] < kForms[i].first_low || text[0] > kForms[i].first_high) {
      continue;
    }
    if (kForms[i].length == 1) {
      return 1;
    }
    if (text[1] < kForms[i].second_low || text[1] > kForms[i].second_high) {
      return 0;
    }
    for (size_t k = 2; k < kForms[i].length; ++k) {
      if ((text[k] & 0xC0) != 0x80) {
        return 0;
      }
    }
    return kForms[i].length;
  }
  return 0;
}

static void put_text(json_writer *json, const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  put(json, "\"", 1);
  while (*at != '\0') {
    const size_t length = sequence(at);
    char escaped[8];
    if (length == 0) {
      put(json, "\\ufffd", 6);
      ++at;
    } else if (*at < 0x20 || *at == 0x7F) {
      put(json, escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)*at++));
    } else if (*at == '"' || *at == '\\') {
      escaped[0] = '\\';
      escaped[1] = (char)*at++;
      put(json, escaped, 2);
    } else {
      put(json, (const char *)at, length);
      at += length;
    }
  }
  put(json, "\"", 1);
}

void json_text(json_writer *json, const char *text) {
  separate(json);
  put_text(json, text);
}

void json_key(json_writer *json, const char *key) {
  json_text(json, key);
  put(json, ":", 1);
  json->comma = false;
}

void json_int(json_writer *json, int64_t value) {
  char text[32];
  snprintf(text, sizeof(text), "%" PRId64, value);
  put_value(json, text);
}

void json_uint(json_writer *json, uint64_t value) {
  char text[32];
  snprintf(text, sizeof(text), "%" PRIu64, value);
  put_value(json, text);
}

void json_bool(json_writer *json, bool value) { put_value(json, value ? "true" : "false"); }

void json_null(json_writer *json) { put_value(json, "null"); }
