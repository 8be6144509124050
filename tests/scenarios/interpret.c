/* SPDX-License-Identifier: MIT */
/* Runs scenarios (docs/scenarios.md) on the C ABI and prints their events: interpret [--hosted] FILE... */
#define _POSIX_C_SOURCE 200809L /* strtok_r */
#include "interpret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r"
enum { WORDS = 16, STEPS = 512, BODIES = 64 };

struct step {
  char *words[WORDS];
};
struct body {
  const char *name;
  struct step *first, *end;
};
struct thread {
  struct actor *main;
  pthread_t id;
  struct gate resume, paused;
  int started, ended;
};
struct watcher {
  const char *name;
  struct body *body;
  int traced;
};
struct key {
  const char *name;
  gl_key key;
};

struct scenario {
  char text[1 << 16];
  struct step steps[STEPS];
  struct body bodies[BODIES];
  struct actor actors[BODIES];
  struct thread threads[BODIES];
  struct watcher watchers[BODIES];
  struct key keys[BODIES];
  gl_stats start;
  int over; /* main's steps are done: nothing is recorded, nothing is caught any more */
};
static struct scenario *now;
static int hosted;

static void fail(const char *what, const char *name) {
  fprintf(stderr, "interpret: %s: %s\n", what, name);
  exit(2);
}

void gate_init(struct gate *gate) {
  pthread_mutex_init(&gate->mutex, NULL);
  pthread_cond_init(&gate->changed, NULL);
}
void gate_open(struct gate *gate) {
  pthread_mutex_lock(&gate->mutex);
  gate->open = 1;
  pthread_cond_signal(&gate->changed);
  pthread_mutex_unlock(&gate->mutex);
}
void gate_pass(struct gate *gate) {
  pthread_mutex_lock(&gate->mutex);
  while (!gate->open) pthread_cond_wait(&gate->changed, &gate->mutex);
  gate->open = 0;
  pthread_mutex_unlock(&gate->mutex);
}

/* ---- names ---- */

/* The entry of that name in an array whose entries begin with their name; a free one is taken when there is none. */
#define ENTRY(array, wanted) ((void *)entry((char *)(array), sizeof *(array), (wanted)))
static char *entry(char *array, size_t size, const char *name) {
  for (int i = 0; i < BODIES; i++, array += size) {
    const char **taken = (const char **)(void *)array;
    if (!*taken) *taken = name;
    if (!strcmp(*taken, name)) return array;
  }
  fail("too many names", name);
  return NULL;
}

static gl_greenlet *current(void) { return host_realm ? gl_realm_current(host_realm) : gl_current(); }
static const char *name_of(gl_greenlet *g) { return g ? ((struct actor *)gl_data(g))->name : "-"; }
static struct actor *actor(const char *name) { return strcmp(name, "self") ? ENTRY(now->actors, name) : gl_data(current()); }
static gl_greenlet *greenlet(const char *name) {
  if (!strcmp(name, "self")) return current();
  struct actor *a = actor(name);
  return a->handles ? a->g : NULL;
}
static struct body *body(const char *name) { return name && strcmp(name, "-") ? ENTRY(now->bodies, name) : NULL; }
static void *value(char *word) { return word && strcmp(word, "-") ? word : NULL; }
static const char *text(const void *value) { return value ? value : "-"; }

/* An event, of the current greenlet or of `who`. */
#define record(...) record_of(current(), __VA_ARGS__)
static void record_of(gl_greenlet *who, const char *format, ...) {
  if (now->over) return;
  va_list arguments;
  va_start(arguments, format);
  printf("%s ", name_of(who));
  vprintf(format, arguments);
  putchar('\n');
  va_end(arguments);
  fflush(stdout); /* the checker shows how far a program came that crashes */
}

/* ---- callbacks ---- */

static gl_status run(struct body *body, void **result);
static void run_callback(struct body *body) {
  void *result;
  if (body) run(body, &result);
}
gl_status enter(void *data, void *value, void **result) {
  record("start %s", text(value));
  return run(((struct actor *)data)->body, result);
}
static void on_drop(void *data) {
  record("drop %s", ((struct actor *)data)->name);
  run_callback(((struct actor *)data)->drop);
}
static void on_drop_result(void *value) { record("drop-result %s", text(value)); }
static void on_drop_local(void *value) { record("drop-local %s", text(value)); }
static void on_unhandled(void *user, gl_greenlet *g, void *payload) {
  (void)user;
  record("unhandled %s %s", name_of(g), text(payload));
}
static void on_exchange(void *user, gl_greenlet *from, gl_greenlet *to) {
  struct watcher *w = user;
  record_of(from, "hook %s %s", w->name, name_of(to));
  run_callback(w->body);
}
static const char *const traced[] = {"switch", "throw", "start", "end"};
static void on_event(void *user, int event, gl_greenlet *from, gl_greenlet *to) {
  struct watcher *w = user;
  if (!(w->traced & 1 << event)) return;
  record_of(from, "trace %s %s %s", w->name, traced[event], name_of(to));
  run_callback(w->body);
}

/* ---- steps: each gets its words, NULL behind the last ---- */

static gl_status transfer(enum transfer how, char **w, void **received) {
  gl_greenlet *g = greenlet(w[1]);
  if (host_realm) return host_transfer(how, g, value(w[2]), received);
  return how == SWITCH ? gl_switch(g, value(w[2]), received) : how == THROW ? gl_throw(g, value(w[2]), received) : gl_kill(g, received);
}
static gl_status step_switch(char **w, void **received) { return transfer(SWITCH, w, received); }
static gl_status step_throw(char **w, void **received) { return transfer(THROW, w, received); }
static gl_status step_kill(char **w, void **received) { return transfer(KILL, w, received); }
static gl_status step_call(char **w, void **received) { return run(body(w[1]), received); }

static gl_status step_make(char **w) {
  struct actor *a = actor(w[1]);
  gl_options options = {.size = sizeof options, .run = enter, .data = a, .name = a->name, .parent = host_realm ? current() : NULL};
  options.flags = host_realm ? GL_HOSTED : 0;
  const char *runs = a->name;
  for (w += 2; *w; w++) {
    if (!strcmp(*w, "under")) options.parent = greenlet(*++w);
    else if (!strcmp(*w, "runs")) runs = *++w;
    else if (!strcmp(*w, "drop")) options.drop = on_drop, a->drop = body(*++w);
    else if (!strcmp(*w, "drop-result")) options.drop_result = on_drop_result;
    else if (!strcmp(*w, "discard")) options.flags |= GL_DISCARD;
    else fail("unknown option", *w);
  }
  a->body = body(runs);
  gl_status status = gl_new_with(&options, &a->g);
  a->handles = status == GL_OK;
  return status;
}
static gl_status step_retain(char **w) {
  struct actor *a = actor(w[1]);
  gl_retain(a->g), a->handles++;
  return GL_OK;
}
static void release(struct actor *a) {
  a->handles--;
  gl_release(a->g);
  if (host_realm) host_drain();
}
static gl_status step_release(char **w) {
  release(actor(w[1]));
  return GL_OK;
}
static gl_status step_reparent(char **w) {
  gl_status status = gl_set_parent(greenlet(w[1]), greenlet(w[2]));
  if (host_realm) host_drain();
  return status;
}
static gl_status step_state(char **w) {
  static const char *const names[] = {"unstarted", "suspended", "running", "dead"};
  record("state %s %s", w[1], names[gl_state(greenlet(w[1]))]);
  return GL_OK;
}
static gl_status step_parent(char **w) {
  record("parent %s %s", w[1], name_of(gl_parent(greenlet(w[1]))));
  return GL_OK;
}
static gl_status step_say(char **w) {
  char line[256] = "say";
  for (w++; *w; w++) strcat(strcat(line, " "), *w);
  record("%s", line);
  return GL_OK;
}

static int mark(void *alive, gl_greenlet *g) {
  ((char *)alive)[(struct actor *)gl_data(g) - now->actors] = 1;
  return 0;
}
static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }
static gl_status step_foreach(char **w) {
  (void)w;
  char alive[BODIES] = {0};
  const char *names[BODIES];
  size_t count = 0;
  host_realm ? gl_realm_foreach(host_realm, mark, alive) : gl_foreach(mark, alive);
  for (int i = 0; i < BODIES; i++)
    if (alive[i]) names[count++] = now->actors[i].name;
  qsort(names, count, sizeof *names, by_name);
  char line[256] = "foreach";
  for (size_t i = 0; i < count; i++) strcat(strcat(line, " "), names[i]);
  record("%s", line);
  return GL_OK;
}
static gl_status step_count(char **w) {
  gl_stats stats = {.size = sizeof stats};
  gl_get_stats(&stats);
  uint64_t count = !strcmp(w[1], "created") ? stats.created - now->start.created
                   : !strcmp(w[1], "alive") ? stats.alive - now->start.alive
                                            : stats.leaked - now->start.leaked;
  record("count %s %llu", w[1], (unsigned long long)count);
  return GL_OK;
}

static gl_status step_key(char **w) { return gl_key_new(&((struct key *)ENTRY(now->keys, w[1]))->key, w[2] ? on_drop_local : NULL); }
static gl_status step_set_local(char **w) { return gl_set_local(greenlet(w[1]), ((struct key *)ENTRY(now->keys, w[2]))->key, value(w[3])); }
static gl_status step_local(char **w) {
  record("local %s %s %s", w[1], w[2], text(gl_local(greenlet(w[1]), ((struct key *)ENTRY(now->keys, w[2]))->key)));
  return GL_OK;
}

static gl_status step_trace(char **w) {
  struct watcher *t = ENTRY(now->watchers, w[1]);
  t->body = body(w[2]);
  for (w += 3; *w; w++)
    for (int event = 0; event < 4; event++) t->traced |= !strcmp(*w, traced[event]) << event;
  return host_realm ? gl_realm_trace_add(host_realm, on_event, t) : gl_trace_add(on_event, t);
}
static gl_status step_untrace(char **w) {
  struct watcher *t = ENTRY(now->watchers, w[1]);
  return host_realm ? gl_realm_trace_remove(host_realm, on_event, t) : gl_trace_remove(on_event, t);
}
static gl_status step_hook(char **w) {
  struct watcher *h = ENTRY(now->watchers, w[1]);
  h->body = body(w[2]);
  return gl_hook_add(on_exchange, h);
}
static gl_status step_unhook(char **w) { return gl_hook_remove(on_exchange, ENTRY(now->watchers, w[1])); }

/* ---- threads: one runs at a time ---- */

static struct thread *thread_of(struct actor *main_actor) {
  struct thread *t = now->threads;
  while (t->main && t->main != main_actor) t++;
  t->main = main_actor;
  return t;
}

static void *thread_main(void *data) {
  struct thread *self = data;
  struct actor *me = self->main;
  if (hosted) host_realm = gl_realm_new();
  me->g = gl_retain(hosted ? gl_realm_main(host_realm) : gl_main()), me->handles = 1;
  gl_set_data(me->g, me);
  void *result;
  run(body(me->name), &result);
  if (self == now->threads) {
    now->over = 1;
    for (struct actor *a = now->actors; a < now->actors + BODIES; a++)
      while (a->handles) release(a);
  }
  if (hosted) host_drain(), gl_realm_release(host_realm);
  self->ended = 1;
  gate_open(&self->paused);
  return NULL;
}
static gl_status step_run(char **w) {
  struct thread *t = thread_of(actor(w[1]));
  if (t->started) gate_open(&t->resume);
  else if (t->started = 1, pthread_create(&t->id, NULL, thread_main, t)) fail("no thread", w[1]);
  gate_pass(&t->paused);
  if (t->ended) pthread_join(t->id, NULL);
  return GL_OK;
}
static gl_status step_pause(char **w) {
  (void)w;
  struct thread *here = thread_of(gl_data(hosted ? gl_realm_main(host_realm) : gl_main()));
  gate_open(&here->paused);
  gate_pass(&here->resume);
  return GL_OK;
}

/* ---- a body ---- */

static const struct verb {
  const char *name;
  gl_status (*transfer)(char **w, void **received); /* what came back is recorded, and ends the body when it is no value */
  gl_status (*run)(char **w);                       /* only a failure is recorded */
  gl_status outcome;                                /* neither: ends the body */
} verbs[] = {{"switch", .transfer = step_switch}, {"throw", .transfer = step_throw},  {"kill", .transfer = step_kill},
             {"call", .transfer = step_call},     {"end", .outcome = GL_OK},          {"raise", .outcome = GL_THROWN},
             {"exit", .outcome = GL_KILLED},      {"make", .run = step_make},         {"retain", .run = step_retain},
             {"release", .run = step_release},    {"reparent", .run = step_reparent}, {"state", .run = step_state},
             {"parent", .run = step_parent},      {"say", .run = step_say},           {"foreach", .run = step_foreach},
             {"count", .run = step_count},        {"key", .run = step_key},           {"set-local", .run = step_set_local},
             {"local", .run = step_local},        {"trace", .run = step_trace},       {"untrace", .run = step_untrace},
             {"hook", .run = step_hook},          {"unhook", .run = step_unhook},     {"run", .run = step_run},
             {"pause", .run = step_pause}};

static const struct verb *verb(const char *name) {
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (!strcmp(verbs[i].name, name)) return &verbs[i];
  fail("unknown step", name);
  return NULL;
}

static gl_status run(struct body *body, void **result) {
  static const char *const came[] = {"ok", "thrown", "killed", "alive"};
  *result = NULL;
  for (struct step *step = body->first; step < body->end; step++) {
    int caught = !strcmp(step->words[0], "try");
    char **w = step->words + caught;
    const struct verb *v = verb(w[0]);
    if (!v->transfer && !v->run) {
      *result = value(w[1]);
      return v->outcome;
    }
    void *received = NULL;
    gl_status status = v->transfer ? v->transfer(w, &received) : v->run(w);
    if (status < 0) record("%s %s", w[0], gl_status_name(status) + strlen("GL_"));
    else if (v->transfer) record("%s %s %s", w[0], came[status], text(status == GL_KILLED ? NULL : received));
    if ((status == GL_THROWN || status == GL_KILLED) && (!caught || now->over)) {
      *result = received;
      return status;
    }
  }
  return GL_OK;
}

static void load(const char *path) {
  FILE *file = fopen(path, "r");
  struct scenario *s = calloc(1, sizeof *s);
  if (!file || !s) fail("cannot read", path);
  if (fread(s->text, 1, sizeof s->text, file) == sizeof s->text) fail("too long", path);
  fclose(file);
  now = s;
  for (int i = 0; i < BODIES; i++)
    gate_init(&s->actors[i].carrier.resume), gate_init(&s->threads[i].resume), gate_init(&s->threads[i].paused);
  struct step *step = s->steps;
  struct body *into = NULL;
  char *rest, *more;
  for (char *line = strtok_r(s->text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    int count = 0;
    for (char *word = strtok_r(line, BLANKS, &more); word && count < WORDS - 1; word = strtok_r(NULL, BLANKS, &more))
      step->words[count++] = word;
    step->words[count] = NULL;
    if (!count || step->words[0][0] == '#') continue;
    if (!strcmp(step->words[0], "events:")) break;
    if (!strcmp(step->words[0], "body:")) into = body(step->words[1]), into->first = into->end = step;
    else if (into && step + 1 < s->steps + STEPS) into->end = ++step;
  }
}

int main(int argc, char **argv) {
  gl_set_unhandled(on_unhandled, NULL);
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--hosted")) {
      hosted = 1;
      continue;
    }
    const char *name = strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i];
    load(argv[i]);
    printf("scenario %.*s\n", (int)strcspn(name, "."), name);
    fflush(stdout);
    now->start.size = sizeof now->start;
    gl_get_stats(&now->start);
    char *start[] = {(char *)"run", (char *)"main", NULL};
    step_run(start);
    for (struct actor *a = now->actors; a < now->actors + BODIES; a++) host_join(a);
    free(now);
  }
  return 0;
}
