/* SPDX-License-Identifier: MIT */
/* In place of fork(): the program runs itself once more, and begins with the body. What the test did before is not seen there. */
#pragma once
#include "support.h"
#include <io.h>
#include <process.h>
#include <windows.h>

struct child {
  DWORD status;   /* exit code */
  char err[4096]; /* the beginning of what it wrote to stderr */
};

static inline char *program_base(void) { return (char *)GetModuleHandleA(NULL); }

static void run_child_body(void) {
  const char *offset = getenv("GREENLET_TEST_CHILD");
  if (!offset) return;
  SetErrorMode(SEM_NOGPFAULTERRORBOX);
  union {
    char *address;
    void (*function)(void);
  } body = {program_base() + strtoll(offset, NULL, 10)};
  body.function();
  _exit(0);
}
__attribute__((constructor)) static void begin_with_child_body(void) { before_tests = run_child_body; }

static inline struct child in_child(void (*body)(void)) {
  struct child child;
  memset(&child, 0, sizeof child), child.status = ~0u;
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  HANDLE from, to;
  if (!CreatePipe(&from, &to, &inherited, 1 << 16)) return child;
  char program[MAX_PATH], offset[32];
  GetModuleFileNameA(NULL, program, sizeof program);
  snprintf(offset, sizeof offset, "%lld", (long long)((char *)(uintptr_t)body - program_base()));
  SetEnvironmentVariableA("GREENLET_TEST_CHILD", offset);
  STARTUPINFOA startup;
  PROCESS_INFORMATION process;
  memset(&startup, 0, sizeof startup), startup.cb = sizeof startup;
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE), startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE), startup.hStdError = to;
  fflush(NULL);
  BOOL started = CreateProcessA(program, NULL, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process);
  SetEnvironmentVariableA("GREENLET_TEST_CHILD", NULL);
  CloseHandle(to);
  size_t used = 0;
  char rest[256];
  for (DWORD n; ReadFile(from, used < sizeof child.err - 1 ? child.err + used : rest,
                         used < sizeof child.err - 1 ? (DWORD)(sizeof child.err - 1 - used) : sizeof rest, &n, NULL) &&
                n > 0;)
    if (used < sizeof child.err - 1) used += n;
  CloseHandle(from);
  if (!started) return child;
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &child.status);
  CloseHandle(process.hProcess), CloseHandle(process.hThread);
  return child;
}
static inline bool exited(struct child child, int code) { return child.status == (DWORD)code; }
static inline bool died_by(struct child child, int signal) { return signal == SIGABRT ? child.status == 3 : child.status == (DWORD)signal; }

#define STDERR_FILENO 2
#define SIGKILL 9
#define raise(signal) _exit(signal)
