/* SPDX-License-Identifier: MIT */
/* The floor for whatever is native: a function that does nothing. */
#include <node_api.h>

static napi_value empty(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  return napi_create_function(env, "empty", NAPI_AUTO_LENGTH, empty, NULL, &function) == napi_ok ? function : exports;
}
