#include "platform.h"

#include "runtime.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SONAME "libmindspore_lite_ndk.so"

static const char *system_library(void) {
  return sizeof(void *) == 8 ? "/system/lib64/ndk/" SONAME : "/system/lib/ndk/" SONAME;
}

/* A pointer to data becomes one to a function by way of its bytes: ISO C allows no cast. */
static bool look_up(void *library, const char *prefix, const char *name, void *function, size_t size) {
  char symbol[128];
  snprintf(symbol, sizeof(symbol), "%s%s", prefix, name);
  void *address = dlsym(library, symbol);
  memcpy(function, &address, size < sizeof(address) ? size : sizeof(address));
  return address != NULL;
}

static bool bind(runtime *out, void *library, const char *prefix, const char **missing) {
  out->prefix = prefix;
  *missing = NULL;
#define BIND_REQUIRED(result, name, arguments)                                                 \
  if (!look_up(library, prefix, #name, &out->name, sizeof(out->name)) && *missing == NULL) { \
    *missing = #name;                                                                          \
  }
#define BIND_OPTIONAL(result, name, arguments) look_up(library, prefix, #name, &out->name, sizeof(out->name));
  OH_AI_REQUIRED(BIND_REQUIRED)
  OH_AI_OPTIONAL(BIND_OPTIONAL)
#undef BIND_REQUIRED
#undef BIND_OPTIONAL
  return *missing == NULL;
}

static void *open_library(const char *path, char *errors, size_t size) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    const char *why = dlerror();
    const size_t used = strlen(errors);
    snprintf(errors + used, size - used, "%s%s", used > 0 ? "; " : "", why != NULL ? why : path);
  }
  return library;
}

static void *open_any(const char *path, const char **opened, char *errors, size_t size) {
  const char *wanted = path[0] != '\0' ? path : getenv("PIPELINE_RUNTIME");
  if (wanted != NULL && wanted[0] != '\0') {
    *opened = wanted;
    return open_library(wanted, errors, size);
  }
  *opened = SONAME;
  void *library = open_library(*opened, errors, size);
  if (library == NULL) {
    *opened = system_library();
    library = open_library(*opened, errors, size);
  }
  return library;
}

/* Where the loader really found it. */
static void note_library(runtime *out, const char *opened) {
  Dl_info info;
  void *address = NULL;
  memcpy(&address, &out->ModelCreate, sizeof(address));
  const bool known = dladdr(address, &info) != 0 && info.dli_fname != NULL;
  snprintf(out->library, sizeof(out->library), "%s", known ? info.dli_fname : opened);
}

bool runtime_open(runtime *out, const char *path, failure *why) {
  char errors[600] = "";
  const char *opened = NULL;
  const char *missing = NULL;
  const char *also_missing = NULL;
  memset(out, 0, sizeof(*out));
  void *library = open_any(path, &opened, errors, sizeof(errors));
  if (library == NULL) {
    return fail(why, "load", -1, "Cannot open the runtime: %s", errors);
  }
  snprintf(out->library, sizeof(out->library), "%s", opened);
  if (!bind(out, library, "OH_AI_", &missing) && !bind(out, library, "MS", &also_missing)) {
    return fail(why, "load", -1, "%.400s is no MindSpore Lite runtime: it lacks OH_AI_%s and MS%s", opened, missing,
                also_missing);
  }
  note_library(out, opened);
  return true;
}
