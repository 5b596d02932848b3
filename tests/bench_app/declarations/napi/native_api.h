/* Those of Node-API's declarations (nodejs.org/api/n-api.html) and HarmonyOS's addition to them
 * (napi_queue_async_work_with_qos, API 10) that the bench app uses. */
#ifndef TESTS_NAPI_NATIVE_API_H_
#define TESTS_NAPI_NATIVE_API_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAPI_AUTO_LENGTH SIZE_MAX

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef struct napi_deferred__ *napi_deferred;
typedef struct napi_async_work__ *napi_async_work;

typedef enum { napi_ok, napi_invalid_arg, napi_string_expected = 3, napi_number_expected = 6, napi_generic_failure = 9 } napi_status;
typedef enum { napi_default = 0 } napi_property_attributes;
typedef enum { napi_qos_background, napi_qos_utility, napi_qos_default, napi_qos_user_initiated } napi_qos_t;

typedef napi_value (*napi_callback)(napi_env env, napi_callback_info info);
typedef void (*napi_async_execute_callback)(napi_env env, void *data);
typedef void (*napi_async_complete_callback)(napi_env env, napi_status status, void *data);
typedef napi_value (*napi_addon_register_func)(napi_env env, napi_value exports);

typedef struct {
  const char *utf8name;
  napi_value name;
  napi_callback method;
  napi_callback getter;
  napi_callback setter;
  napi_value value;
  napi_property_attributes attributes;
  void *data;
} napi_property_descriptor;

typedef struct napi_module {
  int nm_version;
  unsigned int nm_flags;
  const char *nm_filename;
  napi_addon_register_func nm_register_func;
  const char *nm_modname;
  void *nm_priv;
  void *reserved[4];
} napi_module;

void napi_module_register(napi_module *module);
napi_status napi_define_properties(napi_env env, napi_value object, size_t count, const napi_property_descriptor *members);
napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t *count, napi_value *values, napi_value *self, void **data);
napi_status napi_get_value_string_utf8(napi_env env, napi_value value, char *out, size_t size, size_t *length);
napi_status napi_get_value_int32(napi_env env, napi_value value, int32_t *out);
napi_status napi_get_boolean(napi_env env, bool value, napi_value *out);
napi_status napi_create_string_utf8(napi_env env, const char *text, size_t length, napi_value *out);
napi_status napi_throw_error(napi_env env, const char *code, const char *message);
napi_status napi_create_promise(napi_env env, napi_deferred *deferred, napi_value *promise);
napi_status napi_resolve_deferred(napi_env env, napi_deferred deferred, napi_value value);
napi_status napi_create_async_work(napi_env env, napi_value resource, napi_value name, napi_async_execute_callback execute, napi_async_complete_callback complete, void *data, napi_async_work *out);
napi_status napi_queue_async_work_with_qos(napi_env env, napi_async_work work, napi_qos_t qos);
napi_status napi_delete_async_work(napi_env env, napi_async_work work);

#endif /* TESTS_NAPI_NATIVE_API_H_ */
