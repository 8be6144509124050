/* SPDX-License-Identifier: MIT */
/** @file greenlet_trace.h
 *  Records who runs when, and writes it for ui.perfetto.dev and chrome://tracing (Chrome's trace event format, JSON).
 *
 *  - One recorder a thread (or host realm), on gl_trace_add(); several are written into one file, on one clock (`CLOCK_MONOTONIC`).
 *  - A recorder takes all its memory when it is made, 64 bytes an event: a switch is one event, the life of a greenlet two more. When
 *    that is full, new events replace the oldest ones, and the file says how many were lost.
 *  - Names are copied, so greenlets may be gone when the file is written. The first 43 bytes of a name are kept.
 *  - While a thread is recorded, its switches take the slow path: docs/tracing.md has what that costs.
 *
 *  C11 and C++11, header only. clock_gettime() must be declared: compile as gnu11 (what compilers do when not asked) or define
 *  `_POSIX_C_SOURCE` as 200809L before the first `#include`. */
#ifndef GREENLET_TRACE_H
#define GREENLET_TRACE_H

#include "greenlet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef CLOCK_MONOTONIC
#error "greenlet_trace.h needs clock_gettime(): compile as gnu11, or define _POSIX_C_SOURCE 200809L before the first #include"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Events of one thread. */
typedef struct gl_recorder gl_recorder;

/** Makes a recorder that does not record yet.
 *  @param events  how many to keep; at least 1
 *  @param name    of the thread, copied as names of greenlets are; NULL: its number in the file
 *  @return new; NULL when `events` is 0 or there is no memory. @since 0.9 */
static inline gl_recorder *gl_recorder_new(size_t events, const char *name);
/** Gives a recorder back. It must not record any more: stopped, or its thread has ended. NULL is fine. @since 0.9 */
static inline void gl_recorder_release(gl_recorder *recorder);
/** Records from now on, behind what it has recorded before.
 *  @param realm  NULL: the calling thread
 *  @return #GL_OK; #GL_EINVAL (NULL, or it records already); #GL_ENOMEM. @since 0.9 */
static inline gl_status gl_recorder_start(gl_recorder *recorder, gl_realm *realm);
/** Records no more. Call it where the recording was started: on that thread, before it ends or before its realm does.
 *  @return #GL_OK; #GL_EINVAL (NULL, or it does not record here). @since 0.9 */
static inline gl_status gl_recorder_stop(gl_recorder *recorder);
/** How many events did not find room. NULL has none. @since 0.9 */
static inline uint64_t gl_recorder_lost(const gl_recorder *recorder);
/** Writes what the recorders hold as one whole JSON object, and keeps it. Recorders of other threads must not record meanwhile.
 *  Whether the file has taken it all, ferror() and fclose() tell.
 *  @return #GL_OK; #GL_EINVAL (NULL); #GL_ENOMEM (nothing was written). @since 0.9 */
static inline gl_status gl_recorder_write(FILE *file, gl_recorder *const *recorders, size_t count);

/** @cond what programs do not use */

/* Events of the recorder's own, beside ::gl_event_code. */
enum gl_recorder_event_ { GL_RECORDER_ON_ = 100, GL_RECORDER_OFF_ };

/* One cache line. Who ran before is what the event before tells, so no two can disagree. */
struct gl_recorded_ {
  uint64_t time;       /* ns */
  const void *running; /* after it; only an address, for the greenlet may be gone. NULL: nothing is recorded */
  int event;
  char name[44]; /* of the one that runs */
};

struct gl_recorder {
  uint64_t seen; /* events so far; event n lies at n % capacity */
  size_t capacity;
  struct gl_recorded_ *events;
  struct gl_recorded_ before; /* as they began: the last one that was lost */
  gl_realm *realm;            /* NULL: a thread */
  const void *main;
  int on;
  char name[44];
};

static inline uint64_t gl_recorder_now_(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void gl_recorder_copy_name_(char *to, const char *name) {
  size_t n = 0;
  while (n < sizeof(((struct gl_recorded_ *)0)->name) - 1 && name[n]) to[n] = name[n], n++;
  to[n] = 0;
}

static inline void gl_recorder_add_(gl_recorder *recorder, int event, const gl_greenlet *running) {
  struct gl_recorded_ *e = &recorder->events[recorder->seen % recorder->capacity];
  if (recorder->seen++ >= recorder->capacity) recorder->before = *e, recorder->before.event = GL_RECORDER_ON_;
  e->time = gl_recorder_now_();
  e->running = running;
  e->event = event;
  gl_recorder_copy_name_(e->name, running == recorder->main ? "main" : gl_name(running));
}

static inline void gl_recorder_see_(void *user, int event, gl_greenlet *from, gl_greenlet *to) {
  gl_recorder_add_((gl_recorder *)user, event, event == GL_EV_END ? from : to);
}

/* Which track each greenlet has that was met: an open hash table from addresses. */
struct gl_recorder_slot_ {
  const void *greenlet;
  int track;
};

/* Chrome's format knows processes and threads: they are our threads and greenlets. */
struct gl_recorder_file_ {
  FILE *file;
  int process;     /* the recorder's number */
  int track;       /* of who runs; 0: nobody */
  int tracks;      /* made so far, over all recorders */
  uint64_t arrows; /* likewise */
  struct gl_recorder_slot_ *slots;
  size_t mask;
};

/* How many bytes of `text` are its first character in UTF-8; 0: it is malformed; -1: the text ends within it, for it was cut. */
static inline int gl_recorder_character_(const unsigned char *text) {
  unsigned char first = text[0], low = 0x80, high = 0xbf;
  int length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (first == 0xe0) low = 0xa0;  /* fewer bytes would do */
  if (first == 0xed) high = 0x9f; /* surrogates */
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f; /* beyond Unicode */
  for (int i = 1; i < length; i++, low = 0x80, high = 0xbf) {
    if (!text[i]) return -1;
    if (text[i] < low || text[i] > high) return 0;
  }
  return length;
}

static inline void gl_recorder_write_string_(FILE *file, const char *string) {
  const unsigned char *text = (const unsigned char *)string;
  putc('"', file);
  while (*text) {
    int length = gl_recorder_character_(text);
    if (length < 0) break;
    if (length == 0) fputs("\\ufffd", file), length = 1;
    else if (*text < 0x20) fprintf(file, "\\u%04x", *text);
    else if (*text == '"' || *text == '\\') fprintf(file, "\\%c", *text);
    else fwrite(text, 1, (size_t)length, file);
    text += length;
  }
  putc('"', file);
}

static inline void gl_recorder_write_name_(const struct gl_recorder_file_ *f, int track, const char *name) {
  if (*name) gl_recorder_write_string_(f->file, name);
  else fprintf(f->file, "\"greenlet %d\"", track);
}

/* Begins an event on a track; the caller ends it. */
static inline void gl_recorder_begin_(const struct gl_recorder_file_ *f, const char *phase, int track, uint64_t time) {
  fprintf(f->file, ",\n{\"ph\":\"%s\",\"cat\":\"greenlet\",\"pid\":%d,\"tid\":%d,\"ts\":%llu.%03u", phase, f->process, track,
          (unsigned long long)(time / 1000), (unsigned)(time % 1000));
}

/* The track of the one that runs after `e`; a new one where it has none, or where another greenlet `starts` at its address. */
static inline int gl_recorder_track_(struct gl_recorder_file_ *f, const struct gl_recorded_ *e, int starts) {
  uint64_t hash = (uint64_t)(uintptr_t)e->running * UINT64_C(0x9e3779b97f4a7c15);
  size_t i = (size_t)(hash >> 32) & f->mask;
  while (f->slots[i].greenlet && f->slots[i].greenlet != e->running) i = (i + 1) & f->mask;
  if (!f->slots[i].greenlet || starts) {
    f->slots[i].greenlet = e->running;
    f->slots[i].track = ++f->tracks;
    fprintf(f->file, ",\n{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":", f->process, f->tracks);
    gl_recorder_write_name_(f, f->tracks, e->name);
    fputs("}}", f->file);
  }
  return f->slots[i].track;
}

/* From who ran to `e`. Among events of one time the order matters: an arrow leaves before its slice ends, and arrives after the next begins. */
static inline void gl_recorder_write_change_(struct gl_recorder_file_ *f, const struct gl_recorded_ *e, int to, const char *arrow) {
  if (arrow) {
    gl_recorder_begin_(f, "s", f->track, e->time);
    fprintf(f->file, ",\"id\":%llu,\"name\":\"%s\"}", (unsigned long long)++f->arrows, arrow);
  }
  if (f->track) gl_recorder_begin_(f, "E", f->track, e->time), putc('}', f->file);
  if (to) {
    gl_recorder_begin_(f, "B", to, e->time);
    fputs(",\"name\":", f->file);
    gl_recorder_write_name_(f, to, e->name);
    putc('}', f->file);
  }
  if (arrow) {
    gl_recorder_begin_(f, "f", to, e->time);
    fprintf(f->file, ",\"bp\":\"e\",\"id\":%llu,\"name\":\"%s\"}", (unsigned long long)f->arrows, arrow);
  }
  f->track = to;
}

static inline void gl_recorder_write_mark_(const struct gl_recorder_file_ *f, const char *name, uint64_t time) {
  gl_recorder_begin_(f, "i", f->track, time);
  fprintf(f->file, ",\"s\":\"t\",\"name\":\"%s\"}", name);
}

static inline void gl_recorder_write_event_(struct gl_recorder_file_ *f, const struct gl_recorded_ *e, const struct gl_recorded_ *next) {
  static const char *const names[] = {"switch", "throw", "start", "end"};
  const char *name = e->event < GL_RECORDER_ON_ ? names[e->event] : NULL;
  int transfer = e->event == GL_EV_SWITCH || e->event == GL_EV_THROW;
  int to = e->running ? gl_recorder_track_(f, e, transfer && next && next->event == GL_EV_START) : 0;
  int stays = to == f->track;
  if (!stays) gl_recorder_write_change_(f, e, to, transfer && f->track ? name : NULL);
  if (name && (stays || e->event != GL_EV_SWITCH)) gl_recorder_write_mark_(f, name, e->time);
}

static inline void gl_recorder_write_all_(struct gl_recorder_file_ *f, const gl_recorder *recorder) {
  uint64_t lost = gl_recorder_lost(recorder);
  fprintf(f->file, "%s\n{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_name\",\"args\":{\"name\":", f->process > 1 ? "," : "", f->process);
  if (*recorder->name) gl_recorder_write_string_(f->file, recorder->name);
  else fprintf(f->file, "\"thread %d\"", f->process);
  fputs("}}", f->file);
  f->track = 0;
  gl_recorder_write_event_(f, &recorder->before, NULL);
  if (lost) {
    gl_recorder_begin_(f, "i", f->track, recorder->before.time);
    fprintf(f->file, ",\"s\":\"p\",\"name\":\"%llu events lost\",\"args\":{\"lost\":%llu}}", (unsigned long long)lost,
            (unsigned long long)lost);
  }
  for (uint64_t n = lost; n < recorder->seen; n++) {
    const struct gl_recorded_ *e = &recorder->events[n % recorder->capacity];
    gl_recorder_write_event_(f, e, n + 1 < recorder->seen ? &recorder->events[(n + 1) % recorder->capacity] : NULL);
  }
  if (f->track) { /* it records still */
    gl_recorder_begin_(f, "E", f->track, gl_recorder_now_());
    putc('}', f->file);
  }
}

/** @endcond */

static inline gl_recorder *gl_recorder_new(size_t events, const char *name) {
  size_t one = sizeof(struct gl_recorded_);
  if (events == 0 || events > SIZE_MAX / 2 / one) return NULL;
  gl_recorder *recorder = (gl_recorder *)calloc(1, sizeof *recorder + events * one);
  if (!recorder) return NULL;
  recorder->capacity = events;
  recorder->events = (struct gl_recorded_ *)(recorder + 1);
  recorder->before.event = GL_RECORDER_OFF_;
  if (name) gl_recorder_copy_name_(recorder->name, name);
  return recorder;
}

static inline void gl_recorder_release(gl_recorder *recorder) { free(recorder); }

static inline gl_status gl_recorder_start(gl_recorder *recorder, gl_realm *realm) {
  if (!recorder || recorder->on) return GL_EINVAL;
  gl_status status = realm ? gl_realm_trace_add(realm, gl_recorder_see_, recorder) : gl_trace_add(gl_recorder_see_, recorder);
  if (status < 0) return status;
  recorder->on = 1;
  recorder->realm = realm;
  recorder->main = realm ? gl_realm_main(realm) : gl_main();
  gl_recorder_add_(recorder, GL_RECORDER_ON_, realm ? gl_realm_current(realm) : gl_current());
  return GL_OK;
}

static inline gl_status gl_recorder_stop(gl_recorder *recorder) {
  if (!recorder || !recorder->on) return GL_EINVAL;
  gl_realm *realm = recorder->realm;
  gl_status status = realm ? gl_realm_trace_remove(realm, gl_recorder_see_, recorder) : gl_trace_remove(gl_recorder_see_, recorder);
  if (status < 0) return status;
  recorder->on = 0;
  gl_recorder_add_(recorder, GL_RECORDER_OFF_, NULL);
  return GL_OK;
}

static inline uint64_t gl_recorder_lost(const gl_recorder *recorder) {
  return recorder && recorder->seen > recorder->capacity ? recorder->seen - recorder->capacity : 0;
}

static inline gl_status gl_recorder_write(FILE *file, gl_recorder *const *recorders, size_t count) {
  if (!file || !recorders) return GL_EINVAL;
  size_t slots = 2;
  for (size_t i = 0; i < count; i++) {
    if (!recorders[i]) return GL_EINVAL;
    while (slots / 2 < recorders[i]->capacity + 1) slots *= 2;
  }
  struct gl_recorder_file_ f;
  memset(&f, 0, sizeof f);
  f.file = file;
  f.mask = slots - 1;
  f.slots = (struct gl_recorder_slot_ *)malloc(slots * sizeof *f.slots);
  if (!f.slots) return GL_ENOMEM;
  fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", file);
  for (size_t i = 0; i < count; i++) {
    memset(f.slots, 0, slots * sizeof *f.slots);
    f.process = (int)i + 1;
    gl_recorder_write_all_(&f, recorders[i]);
  }
  fputs("\n]}\n", file);
  free(f.slots);
  return GL_OK;
}

#ifdef __cplusplus
}
#endif
#endif
