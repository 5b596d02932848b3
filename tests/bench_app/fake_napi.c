/* A JavaScript engine of a few values: loads the module, calls its functions, keeps its promises.
 *
 *   fake_napi LIBRARY SCRIPT-WORD...
 *
 * Words: `call FOLDER SESSION NUMBER REQUEST` begins a call, `wait` runs what was queued and settles
 * the promise, `last` asks for the last line, `wrong` calls with too few and wrong arguments. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hilog/log.h>
#include <napi/native_api.h>

typedef enum { TEXT, NUMBER, BOOLEAN, PROMISE, OBJECT } value_kind;

struct napi_value__ {
  value_kind kind;
  char text[2048];
  int32_t number;
};
struct napi_callback_info__ {
  napi_value values[4];
  size_t count;
};
struct napi_async_work__ {
  napi_async_execute_callback execute;
  napi_async_complete_callback complete;
  void *data;
  napi_qos_t qos;
  bool queued;
};

static napi_module *registered;
static napi_property_descriptor members[8];
static size_t member_count;
static struct napi_async_work__ *work;
static bool thrown;

static napi_value make(value_kind kind) {
  napi_value value = calloc(1, sizeof(*value));
  value->kind = kind;
  return value;
}

void napi_module_register(napi_module *module) { registered = module; }

napi_status napi_define_properties(napi_env env, napi_value object, size_t count, const napi_property_descriptor *list) {
  (void)env;
  (void)object;
  memcpy(members, list, count * sizeof(*list));
  member_count = count;
  return napi_ok;
}

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t *count, napi_value *values, napi_value *self, void **data) {
  (void)env;
  (void)self;
  (void)data;
  for (size_t i = 0; i < *count && i < info->count; ++i) {
    values[i] = info->values[i];
  }
  *count = info->count;
  return napi_ok;
}

napi_status napi_get_value_string_utf8(napi_env env, napi_value value, char *out, size_t size, size_t *length) {
  (void)env;
  if (value->kind != TEXT) {
    return napi_string_expected;
  }
  *length = strlen(value->text);
  if (out != NULL) {
    snprintf(out, size, "%s", value->text);
    *length = strlen(out);
  }
  return napi_ok;
}

napi_status napi_get_value_int32(napi_env env, napi_value value, int32_t *out) {
  (void)env;
  *out = value->number;
  return value->kind == NUMBER ? napi_ok : napi_number_expected;
}

napi_status napi_get_boolean(napi_env env, bool value, napi_value *out) {
  (void)env;
  *out = make(BOOLEAN);
  (*out)->number = value;
  return napi_ok;
}

napi_status napi_create_string_utf8(napi_env env, const char *text, size_t length, napi_value *out) {
  (void)env;
  (void)length;
  *out = make(TEXT);
  snprintf((*out)->text, sizeof((*out)->text), "%s", text);
  return napi_ok;
}

napi_status napi_throw_error(napi_env env, const char *code, const char *message) {
  (void)env;
  (void)code;
  thrown = true;
  printf("thrown: %s\n", message);
  return napi_ok;
}

napi_status napi_create_promise(napi_env env, napi_deferred *deferred, napi_value *promise) {
  (void)env;
  *promise = make(PROMISE);
  *deferred = (napi_deferred)*promise;
  return napi_ok;
}

napi_status napi_resolve_deferred(napi_env env, napi_deferred deferred, napi_value value) {
  (void)env;
  free(deferred);
  printf("resolved: %s\n", value->number ? "true" : "false");
  free(value);
  return napi_ok;
}

napi_status napi_create_async_work(napi_env env, napi_value resource, napi_value name, napi_async_execute_callback execute, napi_async_complete_callback complete, void *data, napi_async_work *out) {
  (void)env;
  (void)resource;
  free(name);
  *out = calloc(1, sizeof(**out));
  **out = (struct napi_async_work__){execute, complete, data, napi_qos_default, false};
  return napi_ok;
}

napi_status napi_queue_async_work_with_qos(napi_env env, napi_async_work queued, napi_qos_t qos) {
  (void)env;
  queued->qos = qos;
  queued->queued = true;
  work = queued;
  return napi_ok;
}

napi_status napi_delete_async_work(napi_env env, napi_async_work done) {
  (void)env;
  free(done);
  return napi_ok;
}

int OH_LOG_Print(LogType type, LogLevel level, unsigned int domain, const char *tag, const char *format, ...) {
  va_list list;
  va_start(list, format);
  if (strcmp(format, "%{public}s") == 0) {
    fprintf(stderr, "%d %d %04X %s %s\n", (int)type, (int)level, domain, tag, va_arg(list, const char *));
  }
  va_end(list);
  return 0;
}

static napi_value invoke(const char *name, struct napi_callback_info__ *info) {
  for (size_t i = 0; i < member_count; ++i) {
    if (strcmp(members[i].utf8name, name) == 0) {
      thrown = false;
      return members[i].method(NULL, info);
    }
  }
  printf("no member %s\n", name);
  return NULL;
}

static napi_value text(const char *word) {
  napi_value value = make(TEXT);
  snprintf(value->text, sizeof(value->text), "%s", word);
  return value;
}

static void begin(char **words) {
  struct napi_callback_info__ info = {{text(words[0]), text(words[1]), make(NUMBER), text(words[3])}, 4};
  info.values[2]->number = atoi(words[2]);
  napi_value promise = invoke("call", &info);
  if (!thrown) {
    printf("%s\n", promise != NULL && promise->kind == PROMISE ? "promised" : "no promise");
  }
  for (size_t i = 0; i < info.count; ++i) {
    free(info.values[i]);
  }
}

static void *execute(void *argument) {
  struct napi_async_work__ *one = argument;
  one->execute(NULL, one->data);
  return NULL;
}

/* As the real one: the work on another thread, its completion on this. */
static void settle(void) {
  pthread_t thread;
  struct napi_async_work__ *one = work;
  if (one == NULL || !one->queued) {
    printf("nothing was queued\n");
    return;
  }
  work = NULL;
  printf("qos: %d\n", (int)one->qos);
  pthread_create(&thread, NULL, execute, one);
  pthread_join(thread, NULL);
  one->complete(NULL, napi_ok, one->data);
}

static void call_wrongly(void) {
  struct napi_callback_info__ few = {{text("a"), text("b")}, 2};
  struct napi_callback_info__ kinds = {{text("a"), text("b"), text("1"), text("c")}, 4};
  struct napi_callback_info__ longer = {{text("a"), text("b"), make(NUMBER), text("c")}, 4};
  memset(longer.values[0]->text, 'x', sizeof(longer.values[0]->text) - 1);
  invoke("call", &few);
  invoke("call", &kinds);
  invoke("call", &longer);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
  if (library == NULL || registered == NULL) {
    printf("not loaded: %s\n", library == NULL ? dlerror() : "it does not register");
    return 1;
  }
  registered->nm_register_func(NULL, make(OBJECT));
  printf("module %s:", registered->nm_modname);
  for (size_t i = 0; i < member_count; ++i) {
    printf(" %s", members[i].utf8name);
  }
  printf("\n");
  for (int i = 2; i < argc; ++i) {
    if (strcmp(argv[i], "call") == 0 && i + 4 < argc) {
      begin(argv + i + 1);
      i += 4;
    } else if (strcmp(argv[i], "wait") == 0) {
      settle();
    } else if (strcmp(argv[i], "last") == 0) {
      struct napi_callback_info__ none = {{NULL}, 0};
      printf("last: %s\n", invoke("lastLine", &none)->text);
    } else if (strcmp(argv[i], "wrong") == 0) {
      call_wrongly();
    }
  }
  return 0;
}
