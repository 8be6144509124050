/* SPDX-License-Identifier: MIT */
/** @file greenlet.h
 *  Greenlets: symmetric coroutines with a family tree, as Python's `greenlet` has them.
 *
 *  The contract that holds everywhere; a function states only what differs:
 *
 *  - A call that returns ::gl_status fails with a negative status, and then nothing has changed: not the current
 *    greenlet, not the target, not what an out pointer points to. `>= 0` says how control came back.
 *  - "New" in a text means that the caller owns one handle and gives it back with gl_release() (gl_stack_release(),
 *    gl_realm_release()). "Borrowed" means that somebody else's handle keeps it; take your own to keep it longer.
 *  - A greenlet belongs to one thread. Only gl_retain(), gl_release(), gl_state() and gl_name() may be called from
 *    another; the calls that change who runs answer #GL_ETHREAD there.
 *  - A thread is set up at its first call (about one page of memory); there is nothing to initialise or shut down.
 *  - Inside callbacks (drops, hooks, tracers, visitors) gl_switch(), gl_throw() and gl_kill() answer #GL_EBUSY;
 *    everything else is allowed.
 *  - Values and payloads are the caller's: the library passes pointers on and never reads or frees what they point to.
 *  - "Rule N" refers to the numbered rules in docs/rules.md.
 *
 *  The ABI is that of 0.9: struct fields and functions are only appended, numbers never change their meaning. */
#ifndef GREENLET_H
#define GREENLET_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && !defined(GREENLET_STATIC)
#ifdef GREENLET_BUILDING
#define GL_API __declspec(dllexport)
#else
#define GL_API __declspec(dllimport)
#endif
#elif defined(__GNUC__) && defined(GREENLET_STATIC)
#define GL_API __attribute__((visibility("hidden"))) /* several copies may live in one process */
#elif defined(__GNUC__)
#define GL_API __attribute__((visibility("default")))
#else
#define GL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** 0.9.0 as major * 10000 + minor * 100 + patch. Compare with gl_version() to see what was linked. */
#define GL_VERSION 900

/** The version of the library that runs, in the form of #GL_VERSION. Any thread. @since 0.9 */
GL_API int gl_version(void);

/** A greenlet. Reference-counted: one handle from gl_new(), more from gl_retain(). */
typedef struct gl_greenlet gl_greenlet;
/** Memory that greenlets run on. Reference-counted. */
typedef struct gl_stack gl_stack;
/** A tree of greenlets of which one is current. Every thread has one; a host runtime may make more. */
typedef struct gl_realm gl_realm;
/** One of ::gl_status_code. */
typedef int gl_status;

/** @name Status
 *  @{ */
/** How a call ended. */
enum gl_status_code {
  GL_OK = 0,        /**< a value arrived; or simply: done */
  GL_THROWN = 1,    /**< something was thrown here; the payload arrived */
  GL_KILLED = 2,    /**< asked to end: release what you hold and return GL_KILLED from the body */
  GL_ALIVE = 3,     /**< from gl_kill(): a value came back, and the target is not dead */
  GL_EINVAL = -1,   /**< a NULL or malformed argument */
  GL_ENOMEM = -2,   /**< no memory, or no stack */
  GL_ETHREAD = -3,  /**< the greenlet belongs to another live thread (or realm) */
  GL_EEXPIRED = -4, /**< the greenlet belongs to a thread (or realm) that has ended */
  GL_ECYCLE = -5,   /**< that parent would make a cycle */
  GL_EBUSY = -6,    /**< not from inside a callback */
  GL_ENOTSUP = -7   /**< this platform, or this kind of greenlet, cannot do that */
};

/** What a status means, in English: a static string, never NULL, also for numbers that mean nothing. Any thread. @since 0.9 */
GL_API const char *gl_strerror(gl_status status);
/** The name of a status, such as "GL_ETHREAD"; "GL_?" for numbers that mean nothing. Static. Any thread. @since 0.9 */
GL_API const char *gl_status_name(gl_status status);
/** @} */

/** @name Life
 *  @{ */

/** A greenlet's body.
 *  @param data    as given when the greenlet was made, whatever gl_set_data() did since
 *  @param value   what the first switch brought
 *  @param result  NULL at first; what is stored here goes to the parent
 *  @return #GL_OK: the parent receives `*result` as a value; #GL_THROWN: `*result` is thrown in the parent;
 *          #GL_KILLED: the parent receives `*result` as a value; anything else counts as #GL_THROWN.
 *
 *  A C++ exception must not leave it: the program ends with a message (rule 24); greenlet.hpp carries exceptions. */
typedef gl_status (*gl_run)(void *data, void *value, void **result);

/** Bits of gl_options::flags. */
enum gl_flag {
  GL_SHARE_FP = 1u << 0, /**< share the floating-point control words (rounding, traps) with the thread's main greenlet
                              and all others that have this flag: faster switches */
  GL_DISCARD = 1u << 1,  /**< when the last handle goes while suspended: free it without unwinding */
  GL_HOSTED = 1u << 2    /**< no stack of ours: a host runtime carries it; see gl_host_switch() */
};

/** How to make a greenlet. Set everything to zero, then `size`, `run` and what else matters. Fields are only appended. */
typedef struct gl_options {
  size_t size;                 /**< sizeof(gl_options) */
  gl_run run;                  /**< the body; may be NULL with #GL_HOSTED */
  void *data;                  /**< for `run` and `drop`; the first answer of gl_data() */
  void (*drop)(void *data);    /**< called once: after `run` has ended, or when an unstarted one goes; NULL: none */
  void (*drop_result)(void *); /**< for a result that nobody waits for (rule 14); NULL: such a result is forgotten */
  gl_greenlet *parent;         /**< NULL: the current greenlet; may be one of another live thread, whose child it then is */
  gl_stack *stack;             /**< NULL: a private one of `stack_size` bytes */
  size_t stack_size;           /**< bytes, rounded up to pages, guard page extra; 0: 256 KiB */
  const char *name;            /**< copied; tools show it; may be NULL */
  uint32_t flags;              /**< of ::gl_flag */
} gl_options;

/** Makes an unstarted greenlet, a child of the current one, with a private stack that is taken when it starts.
 *  @return new; NULL when `run` is NULL or there is no memory (gl_new_with() says which). @since 0.9 */
GL_API gl_greenlet *gl_new(gl_run run, void *data);
/** Makes an unstarted greenlet.
 *  @param[out] out  new
 *  @return #GL_OK; #GL_EINVAL (no `run`, unknown flags, unknown fields that are not zero, both `stack` and `stack_size`,
 *          #GL_HOSTED without a `parent` in a host realm or the reverse); #GL_ENOMEM; #GL_EEXPIRED (`parent`'s thread has ended);
 *          #GL_ETHREAD, #GL_EEXPIRED (`stack` serves another thread); #GL_ENOTSUP (no such stacks here). @since 0.9 */
GL_API gl_status gl_new_with(const gl_options *options, gl_greenlet **out);

/** Takes one more handle. Any thread that holds one. @return `g`; NULL for NULL. @since 0.9 */
GL_API gl_greenlet *gl_retain(gl_greenlet *g);
/** Gives a handle back. Any thread; NULL is fine. The last handle of a suspended greenlet kills it: on its own thread at once, else (or
 *  inside a callback) at that thread's next call; with #GL_DISCARD it is freed without running (rules 18, 21, 22). @since 0.9 */
GL_API void gl_release(gl_greenlet *g);

/** The greenlet that runs. Borrowed; NULL only if there is no memory at a thread's first call. Async-signal-safe once the thread
 *  has made another call. @since 0.9 */
GL_API gl_greenlet *gl_current(void);
/** The calling thread's main greenlet. Borrowed; otherwise as gl_current(). @since 0.9 */
GL_API gl_greenlet *gl_main(void);
/** @} */

/** @name Switch
 *  @{ */

/** Runs `target` until somebody switches back here. An unstarted one starts, a suspended one goes on where it left, a dead one passes
 *  the value to its nearest ancestor that is not dead; the current one returns at once.
 *  @param value          goes there: as `value` of the body, or as `*received` of the call that waits there
 *  @param[out] received  what came back; may be NULL
 *  @return how control came back: #GL_OK a value, #GL_THROWN something thrown, #GL_KILLED somebody asks this greenlet to end. All
 *          but #GL_OK want to be handled: test for `!= GL_OK`. Or nothing happened: #GL_EINVAL, #GL_EBUSY, #GL_ENOTSUP (hosted),
 *          #GL_ETHREAD, #GL_EEXPIRED, #GL_ENOMEM (no stack to start on: it stays unstarted; or, on a shared stack, no memory to set the caller's bytes aside). @since 0.9 */
GL_API gl_status gl_switch(gl_greenlet *target, void *value, void **received);
/** As gl_switch(), but what waits there returns #GL_THROWN with `payload`. An unstarted target dies without running, and the throw
 *  goes on to its ancestor (rules 10 to 12). @since 0.9 */
GL_API gl_status gl_throw(gl_greenlet *target, void *payload, void **received);
/** Asks `target` to end: its waiting call returns #GL_KILLED, and until it has ended the caller is its parent. An unstarted one
 *  dies without running, and nobody is resumed.
 *  @return #GL_OK a value came back (or nothing needed to run) and `target` is dead; #GL_ALIVE a value came back and it is not;
 *          #GL_THROWN a payload came; #GL_KILLED the caller itself was killed meanwhile. Errors, first match: #GL_EINVAL (NULL), #GL_EBUSY, #GL_ENOTSUP, #GL_ETHREAD,
 *          #GL_EEXPIRED, #GL_EINVAL (main or current), #GL_ECYCLE (an ancestor of the caller). Rule 13. @since 0.9 */
GL_API gl_status gl_kill(gl_greenlet *target, void **received);

/** Told when a greenlet that was killed because its last handle went threw `payload`: nobody waits for it (rule 14).
 *  `g` is borrowed. A callback: may not switch. */
typedef void (*gl_unhandled)(void *user, gl_greenlet *g, void *payload);
/** Sets that function for the process; NULL brings back the default, one line on stderr. Any thread. @since 0.9 */
GL_API void gl_set_unhandled(gl_unhandled unhandled, void *user);
/** @} */

/** @name Family
 *  @{ */

/** Who gets the outcome. Borrowed; NULL for a main one and for NULL. While it is being killed: who kills it. @since 0.9 */
GL_API gl_greenlet *gl_parent(const gl_greenlet *g);
/** Changes who gets the outcome. An unstarted `child` may move to another thread's tree, and then belongs to that thread.
 *  @return #GL_OK or, first match: #GL_EINVAL (NULL, a main child, hosted and not hosted together), #GL_ETHREAD (neither belongs to the
 *          caller), #GL_EEXPIRED (`parent`'s thread has ended), #GL_ECYCLE, #GL_ETHREAD (a started child, a parent of
 *          another thread), #GL_EBUSY (a move of a child that is starting, from inside a tracer). May release the old parent's last handle. @since 0.9 */
GL_API gl_status gl_set_parent(gl_greenlet *child, gl_greenlet *parent);

/** What gl_state() answers. */
enum gl_state_code {
  GL_UNSTARTED, /**< never switched to */
  GL_SUSPENDED, /**< waits in gl_switch(), gl_throw(), gl_kill() or a call that kills */
  GL_RUNNING,   /**< its thread's current one */
  GL_DEAD       /**< its body has ended, or its thread has */
};
/** One of ::gl_state_code; #GL_DEAD for NULL. Any thread, where the answer may be old when it arrives. @since 0.9 */
GL_API int gl_state(const gl_greenlet *g);
/** The greenlet's `data`; for a main one NULL until set; NULL for NULL. @since 0.9 */
GL_API void *gl_data(const gl_greenlet *g);
/** Replaces what gl_data() answers; `run` and `drop` still get the first one. @since 0.9 */
GL_API void gl_set_data(gl_greenlet *g, void *data);
/** The name from gl_options; "" when there is none. Borrowed from the greenlet. Any thread. @since 0.9 */
GL_API const char *gl_name(const gl_greenlet *g);

/** Writes `size` bytes of text (`text[size]` is 0). A callback: may not switch. */
typedef void (*gl_write)(void *user, const char *text, size_t size);
/** Writes the calling thread's family tree: a line for each greenlet that is not dead, indented below its parent's, with address, name, state and how
 *  much of which stack it uses; the dead only where they have descendants. The words are for people and may change. Allowed in callbacks; not
 *  async-signal-safe. Needs no memory and about 2 KiB of stack; takes long for trees that are both large and deep.
 *  @param write  called for each line; what it makes or releases may be missing
 *  @return #GL_OK; #GL_EINVAL; #GL_ENOMEM (at a thread's first call). @since 0.9 */
GL_API gl_status gl_dump(gl_write write, void *user);
/** Where `g` is: the return addresses of its frames, innermost first, without running it; of a suspended one from the caller of gl_switch() and its
 *  like, of the current one from the caller of this. On every kind of stack, moved out or in place; no tracer and no hook hears of it. Allowed in callbacks,
 *  such as a visitor of gl_foreach(), but not while control is on its way, as in hooks (#GL_EBUSY). Not async-signal-safe.
 *  @param[out] pcs  room for `max`
 *  @return how many were stored, 0 for one that is unstarted or dead. Errors, first match: #GL_EINVAL; #GL_ENOTSUP (hosted); #GL_ETHREAD; #GL_EEXPIRED;
 *          #GL_EBUSY; #GL_ENOTSUP (the process has no unwinder, and libgcc_s is not there; moved out with return addresses that pointer authentication has
 *          signed); #GL_ENOMEM (for one that is moved out). @since 0.9 */
GL_API int gl_backtrace(const gl_greenlet *g, void **pcs, int max);

/** Calls `visit` for the thread's main and for its started greenlets that are not dead, until it returns non-zero. A callback: may not switch.
 *  @return what the visitor returned last, or a negative status (#GL_EINVAL, #GL_ENOMEM). @since 0.9 */
GL_API int gl_foreach(int (*visit)(void *user, gl_greenlet *g), void *user);
/** @} */

/** @name Greenlet-local values
 *  @{ */

/** Names a value that each greenlet has of its own. */
typedef uint32_t gl_key;
/** Makes a key, for the life of the process. Any thread.
 *  @param drop  called for a value that is not NULL when its greenlet ends, on its stack; NULL: none
 *  @return #GL_OK; #GL_EINVAL; #GL_ENOMEM (there are 4096). @since 0.9 */
GL_API gl_status gl_key_new(gl_key *out, void (*drop)(void *value));
/** The value; NULL when none was set, for a key that was never made and for NULL. @since 0.9 */
GL_API void *gl_local(const gl_greenlet *g, gl_key key);
/** Sets the value; the old one is replaced, not dropped. @return #GL_OK; #GL_EINVAL; #GL_ENOMEM. @since 0.9 */
GL_API gl_status gl_set_local(gl_greenlet *g, gl_key key, void *value);
/** @} */

/** @name Stacks
 *  @{ */

/** Makes a stack that many greenlets may share: each is copied out while another needs its bytes.
 *  @param size  bytes, rounded up to pages
 *  @return new; NULL when there is no memory, or this build has no shared stacks. @since 0.9 */
GL_API gl_stack *gl_stack_new(size_t size);
/** The calling thread's own stack, shared in the same way. Borrowed; NULL where that is not possible. @since 0.9 */
GL_API gl_stack *gl_stack_thread(void);
/** Takes one more handle. @return `stack`; NULL for NULL. @since 0.9 */
GL_API gl_stack *gl_stack_retain(gl_stack *stack);
/** Gives a handle back; NULL is fine. Greenlets that run on it keep it. @since 0.9 */
GL_API void gl_stack_release(gl_stack *stack);
/** Where `g`'s stack lies, for a runtime that checks its stack limit: usable bytes are `*low` to `*high`, the guard lies below.
 *  @return #GL_OK; #GL_EINVAL; #GL_ENOTSUP for one that has no stack: unstarted, dead, hosted. @since 0.9 */
GL_API gl_status gl_stack_bounds(const gl_greenlet *g, void **low, void **high);
/** A hint that `g` is about to be switched to: brings it into the cache. Useful a few visits ahead, among many thousands. NULL is fine. @since 0.9 */
GL_API void gl_prefetch(const gl_greenlet *g);
/** Gives the calling thread's cached stacks back to the system, and what the buffers of its moved greenlets have too much. @return bytes released. @since 0.9 */
GL_API size_t gl_trim(void);
/** @} */

/** @name Hooks and tracers
 *  @{ */

/** Swaps state that a runtime keeps per stack. Called on the old stack right before each transfer of this thread. A callback: may not switch. */
typedef void (*gl_exchange)(void *user, gl_greenlet *from, gl_greenlet *to);
/** Adds a hook to the calling thread. @return #GL_OK; #GL_EINVAL (NULL, or there already); #GL_ENOMEM. @since 0.9 */
GL_API gl_status gl_hook_add(gl_exchange hook, void *user);
/** Removes it; it is not called again. @return #GL_OK; #GL_EINVAL (unknown). @since 0.9 */
GL_API gl_status gl_hook_remove(gl_exchange hook, void *user);

/** What a tracer is told. */
enum gl_event_code {
  GL_EV_SWITCH, /**< a value goes from `from` to `to` */
  GL_EV_THROW,  /**< a throw, or a kill */
  GL_EV_START,  /**< after the SWITCH that starts `to` */
  GL_EV_END     /**< `from` has ended; the SWITCH or THROW that carries its outcome follows */
};
/** Sees transfers before they happen, while gl_current() is still the one that leaves. A callback: may not switch. */
typedef void (*gl_tracer)(void *user, int event, gl_greenlet *from, gl_greenlet *to);
/** Adds a tracer to the calling thread; tracers are called in the order of adding, from the next event on.
 *  @return #GL_OK; #GL_EINVAL (NULL, or there already); #GL_ENOMEM. @since 0.9 */
GL_API gl_status gl_trace_add(gl_tracer tracer, void *user);
/** Removes it; it is not called again. @return #GL_OK; #GL_EINVAL (unknown). @since 0.9 */
GL_API gl_status gl_trace_remove(gl_tracer tracer, void *user);

/** Which C++ runtime's exception state (`__cxa_get_globals`) is kept per greenlet. Found by itself where possible; greenlet.hpp calls this, and
 *  C programs that load a C++ plugin may. One runtime a process; NULL: look for it again. Any thread; threads take it up at their next gl_new(). @since 0.9 */
GL_API void gl_set_cxx_runtime(void *(*get_globals)(void));

/** What gl_get_stats() tells. Fields are only appended. */
typedef struct gl_stats {
  size_t size;            /**< sizeof(gl_stats), filled in before the call */
  uint64_t created;       /**< greenlets made so far, without mains */
  uint64_t alive;         /**< of them, not dead */
  uint64_t stacks_mapped; /**< stacks that are mapped: those in use, those in caches, those of gl_stack_new() */
  uint64_t stacks_cached; /**< of them, waiting for reuse */
  uint64_t stack_bytes;   /**< address space of the mapped stacks, guards included */
  uint64_t slice_bytes;   /**< memory that holds, or is set aside for, parts of shared stacks that are moved out; cached buffers included */
  uint64_t leaked;        /**< greenlets that could not be unwound when their last handle or their thread went (rules 19, 21) */
} gl_stats;
/** Sums up for the process. Writes only `size` bytes. Any thread; approximate while other threads run. @return #GL_OK; #GL_EINVAL (NULL, size 0). @since 0.9 */
GL_API gl_status gl_get_stats(gl_stats *stats);
/** @} */

/** @name Host runtimes
 *  Runtimes that bring stacks of their own (goroutines, generators, threads) ask only who runs next: one call decides and commits, then the host
 *  transfers by its own means. A realm counts as one thread in all rules; it is not tied to an OS thread, but one caller at a time may name it or one of
 *  its greenlets: the host serialises.
 *  @{ */

/** Resume (or start) `next` with this. */
typedef struct gl_delivery {
  gl_greenlet *next; /**< the current one from now on. Borrowed */
  gl_status status;  /**< #GL_OK, #GL_THROWN, #GL_KILLED, #GL_ALIVE as the call that waits there returns it */
  uint32_t start;    /**< non-zero: `next` has not run yet; `value` is its first */
  void *value;       /**< the value or payload */
} gl_delivery;

/** Makes a realm; its main greenlet is current. @return new; NULL when there is no memory. @since 0.9 */
GL_API gl_realm *gl_realm_new(void);
/** Ends a realm as a thread's end does, but nothing can run any more: drain gl_host_next_orphan() first. Handles on its greenlets stay
 *  valid and are expired. NULL is fine; so is a callback of that same realm, but there it does nothing. @since 0.9 */
GL_API void gl_realm_release(gl_realm *realm);
/** Borrowed; NULL for NULL. @since 0.9 */
GL_API gl_greenlet *gl_realm_main(gl_realm *realm);
/** Borrowed; NULL for NULL. @since 0.9 */
GL_API gl_greenlet *gl_realm_current(gl_realm *realm);
/** gl_switch() for a hosted target: who runs now? A status `>= 0` has committed. @return #GL_OK, or errors as gl_switch(). @since 0.9 */
GL_API gl_status gl_host_switch(gl_realm *realm, gl_greenlet *target, void *value, gl_delivery *out);
/** gl_throw() for a hosted target. @since 0.9 */
GL_API gl_status gl_host_throw(gl_realm *realm, gl_greenlet *target, void *payload, gl_delivery *out);
/** gl_kill() for a hosted target. When control comes back to the caller, that delivery carries the status of rule 13. @since 0.9 */
GL_API gl_status gl_host_kill(gl_realm *realm, gl_greenlet *target, gl_delivery *out);
/** The current one's body has ended with `outcome` and `result`, which mean what they mean for ::gl_run. @return #GL_OK; #GL_EINVAL (NULL, main is current); #GL_EBUSY. @since 0.9 */
GL_API gl_status gl_host_end(gl_realm *realm, gl_status outcome, void *result, gl_delivery *out);
/** A greenlet whose last handle went: kill it now. After each transfer, before user code, call this until `out->next` is NULL, keeping the
 *  delivery that came before (rule 36). @return #GL_OK; #GL_EINVAL; #GL_EBUSY. @since 0.9 */
GL_API gl_status gl_host_next_orphan(gl_realm *realm, gl_delivery *out);
/** gl_foreach() for a realm. @since 0.9 */
GL_API int gl_realm_foreach(gl_realm *realm, int (*visit)(void *user, gl_greenlet *g), void *user);
/** gl_dump() for a realm. @return #GL_OK; #GL_EINVAL. @since 0.9 */
GL_API gl_status gl_realm_dump(gl_realm *realm, gl_write write, void *user);
/** gl_trace_add() for a realm. @since 0.9 */
GL_API gl_status gl_realm_trace_add(gl_realm *realm, gl_tracer tracer, void *user);
/** gl_trace_remove() for a realm. @since 0.9 */
GL_API gl_status gl_realm_trace_remove(gl_realm *realm, gl_tracer tracer, void *user);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
