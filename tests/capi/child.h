/* SPDX-License-Identifier: MIT */
/* Runs what must die in a child process. There, CHECK is not heard: end with _exit(). */
#pragma once
#include "support.h"
#include <signal.h>
#ifdef _WIN32
#include "child_windows.h"
#else
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
  int status;     /* of waitpid() */
  char err[4096]; /* the beginning of what it wrote to stderr */
};

/* `body` that returns ends the child with 0. */
static inline struct child in_child(void (*body)(void)) {
  struct child child;
  memset(&child, 0, sizeof child), child.status = -1;
  int ends[2];
  if (pipe(ends)) return child;
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    dup2(ends[1], STDERR_FILENO), close(ends[0]), close(ends[1]);
    body();
    _exit(0);
  }
  close(ends[1]);
  size_t used = 0;
  char rest[256];
  for (ssize_t n; (n = used < sizeof child.err - 1 ? read(ends[0], child.err + used, sizeof child.err - 1 - used)
                                                   : read(ends[0], rest, sizeof rest)) > 0;)
    if (used < sizeof child.err - 1) used += (size_t)n;
  close(ends[0]);
  if (pid > 0) waitpid(pid, &child.status, 0);
  return child;
}
static inline bool exited(struct child child, int code) { return WIFEXITED(child.status) && WEXITSTATUS(child.status) == code; }
static inline bool died_by(struct child child, int signal) { return WIFSIGNALED(child.status) && WTERMSIG(child.status) == signal; }
#endif
