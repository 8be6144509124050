/* SPDX-License-Identifier: MIT */
/* The DLL as a plugin gets it: by name, at any time, in a program that is not linked with it. */
#define GREENLET_STATIC /* nothing is imported */
#include "greenlet.h"
#include "test.h"
#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

static gl_greenlet *(*new)(gl_run, void *);
static gl_status (*switch_to)(gl_greenlet *, void *, void **);
static gl_greenlet *(*parent)(const gl_greenlet *);
static gl_greenlet *(*current)(void);
static void (*release)(gl_greenlet *);

static void find(HMODULE library, const char *name, void *pointer) {
  FARPROC found = GetProcAddress(library, name);
  memcpy(pointer, &found, sizeof found);
}
static HMODULE load(void) {
  HMODULE library = LoadLibraryA(LIBRARY);
  find(library, "gl_new", &new), find(library, "gl_switch", &switch_to), find(library, "gl_release", &release);
  find(library, "gl_parent", &parent), find(library, "gl_current", &current);
  return library;
}
static gl_status adds(void *data, void *value, void **result) {
  (void)result;
  while (switch_to(parent(current()), (char *)value + (intptr_t)data, &value) == GL_OK) continue;
  return GL_KILLED;
}
static bool works(void) {
  gl_greenlet *g = new (adds, (void *)2);
  void *sum = NULL;
  bool fine = true;
  for (intptr_t i = 0; i < 5; i++) fine = fine && switch_to(g, (void *)i, &sum) == GL_OK && sum == (void *)(i + 2);
  release(g);
  return fine;
}

static HANDLE loaded, used, freed;
static DWORD CALLBACK older_thread(void *arg) {
  (void)arg;
  WaitForSingleObject(loaded, INFINITE);
  bool fine = works();
  SetEvent(used);
  WaitForSingleObject(freed, INFINITE);
  return fine && works();
}
// A thread that was there before the library has what is its own as well. Threads that used it call back when they end, so it stays.
TEST(it_serves_older_threads_and_stays_when_it_is_freed) {
  CHECK(!GetModuleHandleA(LIBRARY));
  loaded = CreateEventA(NULL, TRUE, FALSE, NULL), used = CreateEventA(NULL, TRUE, FALSE, NULL),
  freed = CreateEventA(NULL, TRUE, FALSE, NULL);
  HANDLE thread = CreateThread(NULL, 0, older_thread, NULL, 0, NULL);
  Sleep(10);
  HMODULE library = load();
  CHECK(library && works());
  SetEvent(loaded);
  WaitForSingleObject(used, INFINITE);
  for (int i = 0; i < 10; i++) FreeLibrary(library);
  CHECK(GetModuleHandleA(LIBRARY) == library);
  SetEvent(freed);
  WaitForSingleObject(thread, INFINITE);
  DWORD fine = 0;
  CHECK(GetExitCodeThread(thread, &fine) && fine == 1);
  CHECK(works());
  CloseHandle(thread), CloseHandle(loaded), CloseHandle(used), CloseHandle(freed);
}
