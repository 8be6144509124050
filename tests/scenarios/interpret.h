/* SPDX-License-Identifier: MIT */
/* What interpret.c and hosted.c share. */
#ifndef INTERPRET_H
#define INTERPRET_H

#include <greenlet.h>
#include <pthread.h>

/* Lets one thread through each time it is opened. */
struct gate {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int open;
};
void gate_init(struct gate *gate);
void gate_open(struct gate *gate);
void gate_pass(struct gate *gate);

struct body;

/* A greenlet of the scenario: what gl_data() answers for it. */
struct actor {
  const char *name;
  struct body *body, *drop;
  gl_greenlet *g;
  int handles; /* how many the scenario holds */
  struct {     /* hosted */
    gl_realm *realm;
    pthread_t thread;
    int started, abandoned;
    struct gate resume; /* opened by who hands over, */
    gl_delivery inbox;  /* ... with this */
  } carrier;
};

/* The body of a greenlet, as gl_run. */
gl_status enter(void *actor, void *value, void **result);

enum transfer { SWITCH, THROW, KILL };

/* The same program in a host realm: an OS thread carries each greenlet, the library only decides who runs next. */
extern _Thread_local gl_realm *host_realm; /* NULL: not hosted */
gl_status host_transfer(enum transfer how, gl_greenlet *target, void *value, void **received);
void host_drain(void);
void host_join(struct actor *actor);

#endif
