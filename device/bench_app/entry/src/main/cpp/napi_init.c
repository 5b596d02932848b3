/* What ArkTS sees: call(folder, session, number, request) as a promise, and the last line said. */
#include "platform.h"

#include <hilog/log.h>
#include <napi/native_api.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

enum { LOG_DOMAIN_OF_APP = 0x4D53, MOST_TEXT = 1024, ARGUMENTS = 4 };

static const char kTag[] = "MSLITE_BENCH";

typedef struct {
  napi_async_work work;
  napi_deferred deferred;
  char folder[MOST_TEXT];
  char session[MOST_TEXT];
  char request[MOST_TEXT];
  int32_t number;
  bool good;
} job;

static atomic_flag busy = ATOMIC_FLAG_INIT;

static void write_log(const char *line) {
  OH_LOG_Print(LOG_APP, LOG_INFO, LOG_DOMAIN_OF_APP, kTag, "%{public}s", line);
}

/* On a thread of the pool: the runtime's work must not hold up the app's own thread. */
static void execute(napi_env env, void *data) {
  job *j = data;
  const call c = {j->folder, j->session, j->number, j->request, write_log};
  (void)env;
  j->good = call_run(&c);
}

static void complete(napi_env env, napi_status status, void *data) {
  job *j = data;
  napi_value value = NULL;
  napi_get_boolean(env, status == napi_ok && j->good, &value);
  napi_resolve_deferred(env, j->deferred, value);
  napi_delete_async_work(env, j->work);
  free(j);
  atomic_flag_clear(&busy);
}

static napi_value complain(napi_env env, const char *reason) {
  napi_throw_error(env, NULL, reason);
  return NULL;
}

static bool read_text(napi_env env, napi_value value, char out[MOST_TEXT]) {
  size_t size = 0;
  return napi_get_value_string_utf8(env, value, NULL, 0, &size) == napi_ok && size < MOST_TEXT &&
         napi_get_value_string_utf8(env, value, out, MOST_TEXT, &size) == napi_ok && strlen(out) == size;
}

static bool read_arguments(napi_env env, napi_callback_info info, job *j) {
  napi_value values[ARGUMENTS];
  size_t count = ARGUMENTS;
  return napi_get_cb_info(env, info, &count, values, NULL, NULL) == napi_ok && count == ARGUMENTS &&
         read_text(env, values[0], j->folder) && read_text(env, values[1], j->session) &&
         napi_get_value_int32(env, values[2], &j->number) == napi_ok && read_text(env, values[3], j->request);
}

static bool queue(napi_env env, job *j, napi_value *promise) {
  napi_value name = NULL;
  if (napi_create_string_utf8(env, "bench", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_promise(env, &j->deferred, promise) != napi_ok ||
      napi_create_async_work(env, NULL, name, execute, complete, j, &j->work) != napi_ok) {
    return false;
  }
  return napi_queue_async_work_with_qos(env, j->work, napi_qos_user_initiated) == napi_ok;
}

static napi_value start(napi_env env, napi_callback_info info) {
  napi_value promise = NULL;
  job *j = calloc(1, sizeof(*j));
  if (j == NULL || !read_arguments(env, info, j)) {
    free(j);
    return complain(env, "call takes a folder, a session, a number and a request");
  }
  if (atomic_flag_test_and_set(&busy)) {
    free(j);
    return complain(env, "a call is at work already");
  }
  if (!queue(env, j, &promise)) {
    free(j);
    atomic_flag_clear(&busy);
    return complain(env, "the call cannot be queued");
  }
  return promise;
}

static napi_value last_line(napi_env env, napi_callback_info info) {
  char line[MOST_TEXT];
  napi_value value = NULL;
  (void)info;
  call_last_line(line, sizeof(line));
  napi_create_string_utf8(env, line, NAPI_AUTO_LENGTH, &value);
  return value;
}

static napi_value init(napi_env env, napi_value exports) {
  const napi_property_descriptor members[] = {
    {"call", NULL, start, NULL, NULL, NULL, napi_default, NULL},
    {"lastLine", NULL, last_line, NULL, NULL, NULL, napi_default, NULL},
  };
  napi_define_properties(env, exports, sizeof(members) / sizeof(members[0]), members);
  return exports;
}

static napi_module module = {
  .nm_version = 1,
  .nm_register_func = init,
  .nm_modname = "bench",
};

__attribute__((constructor)) static void add_module(void) { napi_module_register(&module); }
