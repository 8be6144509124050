/* SPDX-License-Identifier: MIT */
/* A second thread with a tree of its own. It runs one job after the other while the test waits, so that tests read from top to bottom
   and nothing but the library is shared without order. */
#pragma once
#include "support.h"
#include <pthread.h>

typedef void (*partner_job)(void *arg);

struct partner {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  partner_job job;
  void *arg;
  int ends;
};

static inline void *partner_main(void *arg) {
  struct partner *p = arg;
  pthread_mutex_lock(&p->lock);
  for (;;) {
    while (!p->job && !p->ends) pthread_cond_wait(&p->changed, &p->lock);
    if (!p->job) break;
    p->job(p->arg);
    p->job = NULL;
    pthread_cond_broadcast(&p->changed);
  }
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

static inline void partner_start(struct partner *p) {
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->changed, NULL);
  p->job = NULL;
  p->ends = 0;
  pthread_create(&p->thread, NULL, partner_main, p);
}

/* Runs `job(arg)` there and waits until it has returned. */
static inline void partner_do(struct partner *p, partner_job job, void *arg) {
  pthread_mutex_lock(&p->lock);
  p->job = job;
  p->arg = arg;
  pthread_cond_broadcast(&p->changed);
  while (p->job) pthread_cond_wait(&p->changed, &p->lock);
  pthread_mutex_unlock(&p->lock);
}

/* Ends the thread, and its tree with it. */
static inline void partner_end(struct partner *p) {
  pthread_mutex_lock(&p->lock);
  p->ends = 1;
  pthread_cond_broadcast(&p->changed);
  pthread_mutex_unlock(&p->lock);
  pthread_join(p->thread, NULL);
  pthread_cond_destroy(&p->changed);
  pthread_mutex_destroy(&p->lock);
}

/* Runs `job(arg)` on a thread of its own and waits for the thread's end. */
static inline void on_a_thread(partner_job job, void *arg) {
  struct partner p;
  partner_start(&p);
  partner_do(&p, job, arg);
  partner_end(&p);
}

/* One greenlet of each kind, of whichever thread made them. */
struct family {
  gl_greenlet *main, *unstarted, *suspended, *dead;
};
static inline void make_family(void *arg) {
  struct family *f = arg;
  f->main = gl_main();
  f->unstarted = gl_new(never, NULL);
  f->suspended = gl_new(echo, NULL);
  f->dead = gl_new(identity, NULL);
  CHECK(gl_switch(f->suspended, NULL, NULL) == GL_OK && gl_switch(f->dead, NULL, NULL) == GL_OK);
}
static inline void release_family(void *arg) {
  struct family *f = arg;
  gl_release(f->unstarted);
  gl_release(f->suspended);
  gl_release(f->dead);
}

/* One of this thread's making that belongs to the thread of `parent`. */
static inline gl_greenlet *given_to(gl_greenlet *parent, gl_run run, void *data) {
  return NEW(.run = run, .data = data, .parent = parent, .stack_size = private_stack());
}

/* Single calls made on the partner's thread. */
struct partner_call {
  gl_greenlet *g, *parent;
  gl_run run;
  void *value, *received;
  gl_status status;
};
static inline void call_new(void *arg) {
  struct partner_call *c = arg;
  c->g = child_of(c->parent, c->run, c->value);
}
static inline void call_new_private(void *arg) {
  struct partner_call *c = arg;
  c->g = new_private(c->run, c->value);
}
static inline void call_switch(void *arg) {
  struct partner_call *c = arg;
  c->status = gl_switch(c->g, c->value, &c->received);
}
static inline void call_set_parent(void *arg) {
  struct partner_call *c = arg;
  c->status = gl_set_parent(c->g, c->parent);
}
static inline void call_release(void *arg) { gl_release(arg); }

/* `parent` NULL: the main of that thread. */
static inline gl_greenlet *partner_new(struct partner *p, gl_greenlet *parent, gl_run run, void *data) {
  struct partner_call c = {NULL, parent, run, data, NULL, GL_OK};
  partner_do(p, call_new, &c);
  return c.g;
}
/* One that may start on another thread. */
static inline gl_greenlet *partner_new_private(struct partner *p, gl_run run) {
  struct partner_call c = {NULL, NULL, run, NULL, NULL, GL_OK};
  partner_do(p, call_new_private, &c);
  return c.g;
}
static inline gl_status partner_switch(struct partner *p, gl_greenlet *g, void *value, void **received) {
  struct partner_call c = {g, NULL, NULL, value, NULL, GL_OK};
  partner_do(p, call_switch, &c);
  if (received) *received = c.received;
  return c.status;
}
static inline gl_status partner_set_parent(struct partner *p, gl_greenlet *child, gl_greenlet *parent) {
  struct partner_call c = {child, parent, NULL, NULL, NULL, GL_OK};
  partner_do(p, call_set_parent, &c);
  return c.status;
}
static inline void partner_release(struct partner *p, gl_greenlet *g) { partner_do(p, call_release, g); }
