//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// Exchange hooks of the calling thread.
#include "internal.h"

using namespace gl;

gl_status gl_hook_add(gl_exchange hook, void *user) {
  Realm *r = attach();
  if (!r) return GL_ENOMEM;
  gl_status status = r->hooks.add(hook, user);
  slow_down(r);
  rearm(r);
  return status;
}

gl_status gl_hook_remove(gl_exchange hook, void *user) {
  Realm *r = here();
  if (r == &detached) return GL_EINVAL;
  gl_status status = r->hooks.remove(hook, user);
  slow_down(r);
  rearm(r);
  return status;
}
