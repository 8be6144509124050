//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// Names and texts of the statuses; the version.
#include "internal.h"

namespace {

const struct {
  gl_status status;
  const char *name, *text;
} known[] = {
    {GL_OK, "GL_OK", "a value arrived"},
    {GL_THROWN, "GL_THROWN", "something was thrown here"},
    {GL_KILLED, "GL_KILLED", "this greenlet is asked to end"},
    {GL_ALIVE, "GL_ALIVE", "a value came back, and the killed greenlet is not dead"},
    {GL_EINVAL, "GL_EINVAL", "invalid argument"},
    {GL_ENOMEM, "GL_ENOMEM", "out of memory or stacks"},
    {GL_ETHREAD, "GL_ETHREAD", "the greenlet belongs to another thread"},
    {GL_EEXPIRED, "GL_EEXPIRED", "the greenlet belongs to a thread that has ended"},
    {GL_ECYCLE, "GL_ECYCLE", "the parent would make a cycle"},
    {GL_EBUSY, "GL_EBUSY", "not possible inside a callback"},
    {GL_ENOTSUP, "GL_ENOTSUP", "not supported by this platform or this kind of greenlet"},
};

} // namespace

const char *gl_strerror(gl_status status) {
  for (const auto &k : known)
    if (k.status == status) return k.text;
  return "unknown status";
}

const char *gl_status_name(gl_status status) {
  for (const auto &k : known)
    if (k.status == status) return k.name;
  return "GL_?";
}

int gl_version() { return GL_VERSION; }
