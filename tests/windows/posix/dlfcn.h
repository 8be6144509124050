/* SPDX-License-Identifier: MIT */
/* As much of POSIX as tests need to load a library. */
#pragma once
#include <windows.h>

#define RTLD_NOW 0
#define RTLD_LOCAL 0

static inline void *dlopen(const char *path, int flags) {
  (void)flags;
  return (void *)LoadLibraryA(path);
}
static inline void *dlsym(void *library, const char *name) { return (void *)(UINT_PTR)GetProcAddress((HMODULE)library, name); }
static inline int dlclose(void *library) { return !FreeLibrary((HMODULE)library); }
static inline const char *dlerror(void) { return "LoadLibrary() failed"; }
