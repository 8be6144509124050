// SPDX-License-Identifier: MIT
// Finds, by what they do, words that V8 and Node keep to themselves. Each function answers NULL unless exactly one word behaves as it should.
#pragma once

#include <node_api.h>

#include "v8.h"

namespace probe {

// V8's number of the calling thread, in its thread-local memory.
int *thread_id(v8api::Isolate *isolate);
// Where V8 believes that the calling thread's stack begins, in the same place.
void **stack_start();
// How many handle scopes are open by N-API's count.
int *handle_scopes(napi_env env);

} // namespace probe
