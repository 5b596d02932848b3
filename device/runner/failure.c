#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

bool fail(failure *what, const char *stage, int32_t code, const char *format, ...) {
  va_list arguments;
  what->stage = stage;
  what->code = code;
  va_start(arguments, format);
  vsnprintf(what->message, sizeof(what->message), format, arguments);
  va_end(arguments);
  return false;
}
