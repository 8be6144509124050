// Made by bindings/rust/bindgen.sh with bindgen 0.72.1 from capi/greenlet.h; do not edit. SPDX-License-Identifier: MIT
pub const GL_VERSION: u32 = 900;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct gl_greenlet {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct gl_stack {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct gl_realm {
    _unused: [u8; 0],
}
#[doc = " One of ::gl_status_code."]
pub type gl_status = core::ffi::c_int;
#[doc = "a value arrived; or simply: done"]
pub const GL_OK: gl_status_code = 0;
#[doc = "something was thrown here; the payload arrived"]
pub const GL_THROWN: gl_status_code = 1;
#[doc = "asked to end: release what you hold and return GL_KILLED from the body"]
pub const GL_KILLED: gl_status_code = 2;
#[doc = "from gl_kill(): a value came back, and the target is not dead"]
pub const GL_ALIVE: gl_status_code = 3;
#[doc = "a NULL or malformed argument"]
pub const GL_EINVAL: gl_status_code = -1;
#[doc = "no memory, or no stack"]
pub const GL_ENOMEM: gl_status_code = -2;
#[doc = "the greenlet belongs to another live thread (or realm)"]
pub const GL_ETHREAD: gl_status_code = -3;
#[doc = "the greenlet belongs to a thread (or realm) that has ended"]
pub const GL_EEXPIRED: gl_status_code = -4;
#[doc = "that parent would make a cycle"]
pub const GL_ECYCLE: gl_status_code = -5;
#[doc = "not from inside a callback"]
pub const GL_EBUSY: gl_status_code = -6;
#[doc = "this platform, or this kind of greenlet, cannot do that"]
pub const GL_ENOTSUP: gl_status_code = -7;
#[doc = " @name Status\n  @{ */\n/** How a call ended."]
pub type gl_status_code = core::ffi::c_int;
#[doc = " A greenlet's body.\n  @param data    as given when the greenlet was made, whatever gl_set_data() did since\n  @param value   what the first switch brought\n  @param result  NULL at first; what is stored here goes to the parent\n  @return #GL_OK: the parent receives `*result` as a value; #GL_THROWN: `*result` is thrown in the parent;\n          #GL_KILLED: the parent receives `*result` as a value; anything else counts as #GL_THROWN.\n\n  A C++ exception must not leave it: the program ends with a message (rule 24); greenlet.hpp carries exceptions."]
pub type gl_run = ::core::option::Option<
    unsafe extern "C" fn(data: *mut core::ffi::c_void, value: *mut core::ffi::c_void, result: *mut *mut core::ffi::c_void) -> gl_status,
>;
#[doc = "share the floating-point control words (rounding, traps) with the thread's main greenlet\nand all others that have this flag: faster switches"]
pub const GL_SHARE_FP: gl_flag = 1;
#[doc = "when the last handle goes while suspended: free it without unwinding"]
pub const GL_DISCARD: gl_flag = 2;
#[doc = "no stack of ours: a host runtime carries it; see gl_host_switch()"]
pub const GL_HOSTED: gl_flag = 4;
#[doc = " Bits of gl_options::flags."]
pub type gl_flag = core::ffi::c_uint;
#[doc = " How to make a greenlet. Set everything to zero, then `size`, `run` and what else matters. Fields are only appended."]
#[repr(C)]
#[derive(Copy, Clone)]
pub struct gl_options {
    #[doc = "sizeof(gl_options)"]
    pub size: usize,
    #[doc = "the body; may be NULL with #GL_HOSTED"]
    pub run: gl_run,
    #[doc = "for `run` and `drop`; the first answer of gl_data()"]
    pub data: *mut core::ffi::c_void,
    #[doc = "called once: after `run` has ended, or when an unstarted one goes; NULL: none"]
    pub drop: ::core::option::Option<unsafe extern "C" fn(data: *mut core::ffi::c_void)>,
    #[doc = "for a result that nobody waits for (rule 14); NULL: such a result is forgotten"]
    pub drop_result: ::core::option::Option<unsafe extern "C" fn(arg1: *mut core::ffi::c_void)>,
    #[doc = "NULL: the current greenlet; may be one of another live thread, whose child it then is"]
    pub parent: *mut gl_greenlet,
    #[doc = "NULL: a private one of `stack_size` bytes"]
    pub stack: *mut gl_stack,
    #[doc = "bytes, rounded up to pages, guard page extra; 0: 256 KiB"]
    pub stack_size: usize,
    #[doc = "copied; tools show it; may be NULL"]
    pub name: *const core::ffi::c_char,
    #[doc = "of ::gl_flag"]
    pub flags: u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
#[cfg(target_pointer_width = "64")]
const _: () = {
    ["Size of gl_options"][::core::mem::size_of::<gl_options>() - 80usize];
    ["Alignment of gl_options"][::core::mem::align_of::<gl_options>() - 8usize];
    ["Offset of field: gl_options::size"][::core::mem::offset_of!(gl_options, size) - 0usize];
    ["Offset of field: gl_options::run"][::core::mem::offset_of!(gl_options, run) - 8usize];
    ["Offset of field: gl_options::data"][::core::mem::offset_of!(gl_options, data) - 16usize];
    ["Offset of field: gl_options::drop"][::core::mem::offset_of!(gl_options, drop) - 24usize];
    ["Offset of field: gl_options::drop_result"][::core::mem::offset_of!(gl_options, drop_result) - 32usize];
    ["Offset of field: gl_options::parent"][::core::mem::offset_of!(gl_options, parent) - 40usize];
    ["Offset of field: gl_options::stack"][::core::mem::offset_of!(gl_options, stack) - 48usize];
    ["Offset of field: gl_options::stack_size"][::core::mem::offset_of!(gl_options, stack_size) - 56usize];
    ["Offset of field: gl_options::name"][::core::mem::offset_of!(gl_options, name) - 64usize];
    ["Offset of field: gl_options::flags"][::core::mem::offset_of!(gl_options, flags) - 72usize];
};
#[doc = " Told when a greenlet that was killed because its last handle went threw `payload`: nobody waits for it (rule 14).\n  `g` is borrowed. A callback: may not switch."]
pub type gl_unhandled =
    ::core::option::Option<unsafe extern "C" fn(user: *mut core::ffi::c_void, g: *mut gl_greenlet, payload: *mut core::ffi::c_void)>;
#[doc = "never switched to"]
pub const GL_UNSTARTED: gl_state_code = 0;
#[doc = "waits in gl_switch(), gl_throw(), gl_kill() or a call that kills"]
pub const GL_SUSPENDED: gl_state_code = 1;
#[doc = "its thread's current one"]
pub const GL_RUNNING: gl_state_code = 2;
#[doc = "its body has ended, or its thread has"]
pub const GL_DEAD: gl_state_code = 3;
#[doc = " What gl_state() answers."]
pub type gl_state_code = core::ffi::c_uint;
#[doc = " Writes `size` bytes of text (`text[size]` is 0). A callback: may not switch."]
pub type gl_write = ::core::option::Option<unsafe extern "C" fn(user: *mut core::ffi::c_void, text: *const core::ffi::c_char, size: usize)>;
#[doc = " Names a value that each greenlet has of its own."]
pub type gl_key = u32;
#[doc = " Swaps state that a runtime keeps per stack. Called on the old stack right before each transfer of this thread. A callback: may not switch."]
pub type gl_exchange =
    ::core::option::Option<unsafe extern "C" fn(user: *mut core::ffi::c_void, from: *mut gl_greenlet, to: *mut gl_greenlet)>;
#[doc = "a value goes from `from` to `to`"]
pub const GL_EV_SWITCH: gl_event_code = 0;
#[doc = "a throw, or a kill"]
pub const GL_EV_THROW: gl_event_code = 1;
#[doc = "after the SWITCH that starts `to`"]
pub const GL_EV_START: gl_event_code = 2;
#[doc = "`from` has ended; the SWITCH or THROW that carries its outcome follows"]
pub const GL_EV_END: gl_event_code = 3;
#[doc = " What a tracer is told."]
pub type gl_event_code = core::ffi::c_uint;
#[doc = " Sees transfers before they happen, while gl_current() is still the one that leaves. A callback: may not switch."]
pub type gl_tracer = ::core::option::Option<
    unsafe extern "C" fn(user: *mut core::ffi::c_void, event: core::ffi::c_int, from: *mut gl_greenlet, to: *mut gl_greenlet),
>;
#[doc = " What gl_get_stats() tells. Fields are only appended."]
#[repr(C)]
#[derive(Copy, Clone)]
pub struct gl_stats {
    #[doc = "sizeof(gl_stats), filled in before the call"]
    pub size: usize,
    #[doc = "greenlets made so far, without mains"]
    pub created: u64,
    #[doc = "of them, not dead"]
    pub alive: u64,
    #[doc = "stacks that are mapped: those in use, those in caches, those of gl_stack_new()"]
    pub stacks_mapped: u64,
    #[doc = "of them, waiting for reuse"]
    pub stacks_cached: u64,
    #[doc = "address space of the mapped stacks, guards included"]
    pub stack_bytes: u64,
    #[doc = "memory that holds, or is set aside for, parts of shared stacks that are moved out; cached buffers included"]
    pub slice_bytes: u64,
    #[doc = "greenlets that could not be unwound when their last handle or their thread went (rules 19, 21)"]
    pub leaked: u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
#[cfg(target_pointer_width = "64")]
const _: () = {
    ["Size of gl_stats"][::core::mem::size_of::<gl_stats>() - 64usize];
    ["Alignment of gl_stats"][::core::mem::align_of::<gl_stats>() - 8usize];
    ["Offset of field: gl_stats::size"][::core::mem::offset_of!(gl_stats, size) - 0usize];
    ["Offset of field: gl_stats::created"][::core::mem::offset_of!(gl_stats, created) - 8usize];
    ["Offset of field: gl_stats::alive"][::core::mem::offset_of!(gl_stats, alive) - 16usize];
    ["Offset of field: gl_stats::stacks_mapped"][::core::mem::offset_of!(gl_stats, stacks_mapped) - 24usize];
    ["Offset of field: gl_stats::stacks_cached"][::core::mem::offset_of!(gl_stats, stacks_cached) - 32usize];
    ["Offset of field: gl_stats::stack_bytes"][::core::mem::offset_of!(gl_stats, stack_bytes) - 40usize];
    ["Offset of field: gl_stats::slice_bytes"][::core::mem::offset_of!(gl_stats, slice_bytes) - 48usize];
    ["Offset of field: gl_stats::leaked"][::core::mem::offset_of!(gl_stats, leaked) - 56usize];
};
#[doc = " Resume (or start) `next` with this."]
#[repr(C)]
#[derive(Copy, Clone)]
pub struct gl_delivery {
    #[doc = "the current one from now on. Borrowed"]
    pub next: *mut gl_greenlet,
    #[doc = "#GL_OK, #GL_THROWN, #GL_KILLED, #GL_ALIVE as the call that waits there returns it"]
    pub status: gl_status,
    #[doc = "non-zero: `next` has not run yet; `value` is its first"]
    pub start: u32,
    #[doc = "the value or payload"]
    pub value: *mut core::ffi::c_void,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
#[cfg(target_pointer_width = "64")]
const _: () = {
    ["Size of gl_delivery"][::core::mem::size_of::<gl_delivery>() - 24usize];
    ["Alignment of gl_delivery"][::core::mem::align_of::<gl_delivery>() - 8usize];
    ["Offset of field: gl_delivery::next"][::core::mem::offset_of!(gl_delivery, next) - 0usize];
    ["Offset of field: gl_delivery::status"][::core::mem::offset_of!(gl_delivery, status) - 8usize];
    ["Offset of field: gl_delivery::start"][::core::mem::offset_of!(gl_delivery, start) - 12usize];
    ["Offset of field: gl_delivery::value"][::core::mem::offset_of!(gl_delivery, value) - 16usize];
};
extern "C" {
    #[doc = " The version of the library that runs, in the form of #GL_VERSION. Any thread. @since 0.9"]
    pub fn gl_version() -> core::ffi::c_int;
    #[doc = " What a status means, in English: a static string, never NULL, also for numbers that mean nothing. Any thread. @since 0.9"]
    pub fn gl_strerror(status: gl_status) -> *const core::ffi::c_char;
    #[doc = " The name of a status, such as \"GL_ETHREAD\"; \"GL_?\" for numbers that mean nothing. Static. Any thread. @since 0.9"]
    pub fn gl_status_name(status: gl_status) -> *const core::ffi::c_char;
    #[doc = " Makes an unstarted greenlet, a child of the current one, with a private stack that is taken when it starts.\n  @return new; NULL when `run` is NULL or there is no memory (gl_new_with() says which). @since 0.9"]
    pub fn gl_new(run: gl_run, data: *mut core::ffi::c_void) -> *mut gl_greenlet;
    #[doc = " Makes an unstarted greenlet.\n  @param[out] out  new\n  @return #GL_OK; #GL_EINVAL (no `run`, unknown flags, unknown fields that are not zero, both `stack` and `stack_size`,\n          #GL_HOSTED without a `parent` in a host realm or the reverse); #GL_ENOMEM; #GL_EEXPIRED (`parent`'s thread has ended);\n          #GL_ETHREAD, #GL_EEXPIRED (`stack` serves another thread); #GL_ENOTSUP (no such stacks here). @since 0.9"]
    pub fn gl_new_with(options: *const gl_options, out: *mut *mut gl_greenlet) -> gl_status;
    #[doc = " Takes one more handle. Any thread that holds one. @return `g`; NULL for NULL. @since 0.9"]
    pub fn gl_retain(g: *mut gl_greenlet) -> *mut gl_greenlet;
    #[doc = " Gives a handle back. Any thread; NULL is fine. The last handle of a suspended greenlet kills it: on its own thread at once, else (or\n  inside a callback) at that thread's next call; with #GL_DISCARD it is freed without running (rules 18, 21, 22). @since 0.9"]
    pub fn gl_release(g: *mut gl_greenlet);
    #[doc = " The greenlet that runs. Borrowed; NULL only if there is no memory at a thread's first call. Async-signal-safe once the thread\n  has made another call. @since 0.9"]
    pub fn gl_current() -> *mut gl_greenlet;
    #[doc = " The calling thread's main greenlet. Borrowed; otherwise as gl_current(). @since 0.9"]
    pub fn gl_main() -> *mut gl_greenlet;
    #[doc = " Runs `target` until somebody switches back here. An unstarted one starts, a suspended one goes on where it left, a dead one passes\n  the value to its nearest ancestor that is not dead; the current one returns at once.\n  @param value          goes there: as `value` of the body, or as `*received` of the call that waits there\n  @param[out] received  what came back; may be NULL\n  @return how control came back: #GL_OK a value, #GL_THROWN something thrown, #GL_KILLED somebody asks this greenlet to end. All\n          but #GL_OK want to be handled: test for `!= GL_OK`. Or nothing happened: #GL_EINVAL, #GL_EBUSY, #GL_ENOTSUP (hosted),\n          #GL_ETHREAD, #GL_EEXPIRED, #GL_ENOMEM (no stack to start on: it stays unstarted; or, on a shared stack, no memory to set the caller's bytes aside). @since 0.9"]
    pub fn gl_switch(target: *mut gl_greenlet, value: *mut core::ffi::c_void, received: *mut *mut core::ffi::c_void) -> gl_status;
    #[doc = " As gl_switch(), but what waits there returns #GL_THROWN with `payload`. An unstarted target dies without running, and the throw\n  goes on to its ancestor (rules 10 to 12). @since 0.9"]
    pub fn gl_throw(target: *mut gl_greenlet, payload: *mut core::ffi::c_void, received: *mut *mut core::ffi::c_void) -> gl_status;
    #[doc = " Asks `target` to end: its waiting call returns #GL_KILLED, and until it has ended the caller is its parent. An unstarted one\n  dies without running, and nobody is resumed.\n  @return #GL_OK a value came back (or nothing needed to run) and `target` is dead; #GL_ALIVE a value came back and it is not;\n          #GL_THROWN a payload came; #GL_KILLED the caller itself was killed meanwhile. Errors, first match: #GL_EINVAL (NULL), #GL_EBUSY, #GL_ENOTSUP, #GL_ETHREAD,\n          #GL_EEXPIRED, #GL_EINVAL (main or current), #GL_ECYCLE (an ancestor of the caller). Rule 13. @since 0.9"]
    pub fn gl_kill(target: *mut gl_greenlet, received: *mut *mut core::ffi::c_void) -> gl_status;
    #[doc = " Sets that function for the process; NULL brings back the default, one line on stderr. Any thread. @since 0.9"]
    pub fn gl_set_unhandled(unhandled: gl_unhandled, user: *mut core::ffi::c_void);
    #[doc = " Who gets the outcome. Borrowed; NULL for a main one and for NULL. While it is being killed: who kills it. @since 0.9"]
    pub fn gl_parent(g: *const gl_greenlet) -> *mut gl_greenlet;
    #[doc = " Changes who gets the outcome. An unstarted `child` may move to another thread's tree, and then belongs to that thread.\n  @return #GL_OK or, first match: #GL_EINVAL (NULL, a main child, hosted and not hosted together), #GL_ETHREAD (neither belongs to the\n          caller), #GL_EEXPIRED (`parent`'s thread has ended), #GL_ECYCLE, #GL_ETHREAD (a started child, a parent of\n          another thread), #GL_EBUSY (a move of a child that is starting, from inside a tracer). May release the old parent's last handle. @since 0.9"]
    pub fn gl_set_parent(child: *mut gl_greenlet, parent: *mut gl_greenlet) -> gl_status;
    #[doc = " One of ::gl_state_code; #GL_DEAD for NULL. Any thread, where the answer may be old when it arrives. @since 0.9"]
    pub fn gl_state(g: *const gl_greenlet) -> core::ffi::c_int;
    #[doc = " The greenlet's `data`; for a main one NULL until set; NULL for NULL. @since 0.9"]
    pub fn gl_data(g: *const gl_greenlet) -> *mut core::ffi::c_void;
    #[doc = " Replaces what gl_data() answers; `run` and `drop` still get the first one. @since 0.9"]
    pub fn gl_set_data(g: *mut gl_greenlet, data: *mut core::ffi::c_void);
    #[doc = " The name from gl_options; \"\" when there is none. Borrowed from the greenlet. Any thread. @since 0.9"]
    pub fn gl_name(g: *const gl_greenlet) -> *const core::ffi::c_char;
    #[doc = " Writes the calling thread's family tree: a line for each greenlet that is not dead, indented below its parent's, with address, name, state and how\n  much of which stack it uses; the dead only where they have descendants. The words are for people and may change. Allowed in callbacks; not\n  async-signal-safe. Needs no memory and about 2 KiB of stack; takes long for trees that are both large and deep.\n  @param write  called for each line; what it makes or releases may be missing\n  @return #GL_OK; #GL_EINVAL; #GL_ENOMEM (at a thread's first call). @since 0.9"]
    pub fn gl_dump(write: gl_write, user: *mut core::ffi::c_void) -> gl_status;
    #[doc = " Where `g` is: the return addresses of its frames, innermost first, without running it; of a suspended one from the caller of gl_switch() and its\n  like, of the current one from the caller of this. On every kind of stack, moved out or in place; no tracer and no hook hears of it. Allowed in callbacks,\n  such as a visitor of gl_foreach(), but not while control is on its way, as in hooks (#GL_EBUSY). Not async-signal-safe.\n  @param[out] pcs  room for `max`\n  @return how many were stored, 0 for one that is unstarted or dead. Errors, first match: #GL_EINVAL; #GL_ENOTSUP (hosted); #GL_ETHREAD; #GL_EEXPIRED;\n          #GL_EBUSY; #GL_ENOTSUP (the process has no unwinder, and libgcc_s is not there; moved out with return addresses that pointer authentication has\n          signed); #GL_ENOMEM (for one that is moved out). @since 0.9"]
    pub fn gl_backtrace(g: *const gl_greenlet, pcs: *mut *mut core::ffi::c_void, max: core::ffi::c_int) -> core::ffi::c_int;
    #[doc = " Calls `visit` for the thread's main and for its started greenlets that are not dead, until it returns non-zero. A callback: may not switch.\n  @return what the visitor returned last, or a negative status (#GL_EINVAL, #GL_ENOMEM). @since 0.9"]
    pub fn gl_foreach(
        visit: ::core::option::Option<unsafe extern "C" fn(user: *mut core::ffi::c_void, g: *mut gl_greenlet) -> core::ffi::c_int>,
        user: *mut core::ffi::c_void,
    ) -> core::ffi::c_int;
    #[doc = " Makes a key, for the life of the process. Any thread.\n  @param drop  called for a value that is not NULL when its greenlet ends, on its stack; NULL: none\n  @return #GL_OK; #GL_EINVAL; #GL_ENOMEM (there are 4096). @since 0.9"]
    pub fn gl_key_new(out: *mut gl_key, drop: ::core::option::Option<unsafe extern "C" fn(value: *mut core::ffi::c_void)>) -> gl_status;
    #[doc = " The value; NULL when none was set, for a key that was never made and for NULL. @since 0.9"]
    pub fn gl_local(g: *const gl_greenlet, key: gl_key) -> *mut core::ffi::c_void;
    #[doc = " Sets the value; the old one is replaced, not dropped. @return #GL_OK; #GL_EINVAL; #GL_ENOMEM. @since 0.9"]
    pub fn gl_set_local(g: *mut gl_greenlet, key: gl_key, value: *mut core::ffi::c_void) -> gl_status;
    #[doc = " Makes a stack that many greenlets may share: each is copied out while another needs its bytes.\n  @param size  bytes, rounded up to pages\n  @return new; NULL when there is no memory, or this build has no shared stacks. @since 0.9"]
    pub fn gl_stack_new(size: usize) -> *mut gl_stack;
    #[doc = " The calling thread's own stack, shared in the same way. Borrowed; NULL where that is not possible. @since 0.9"]
    pub fn gl_stack_thread() -> *mut gl_stack;
    #[doc = " Takes one more handle. @return `stack`; NULL for NULL. @since 0.9"]
    pub fn gl_stack_retain(stack: *mut gl_stack) -> *mut gl_stack;
    #[doc = " Gives a handle back; NULL is fine. Greenlets that run on it keep it. @since 0.9"]
    pub fn gl_stack_release(stack: *mut gl_stack);
    #[doc = " Where `g`'s stack lies, for a runtime that checks its stack limit: usable bytes are `*low` to `*high`, the guard lies below.\n  @return #GL_OK; #GL_EINVAL; #GL_ENOTSUP for one that has no stack: unstarted, dead, hosted. @since 0.9"]
    pub fn gl_stack_bounds(g: *const gl_greenlet, low: *mut *mut core::ffi::c_void, high: *mut *mut core::ffi::c_void) -> gl_status;
    #[doc = " A hint that `g` is about to be switched to: brings it into the cache. Useful a few visits ahead, among many thousands. NULL is fine. @since 0.9"]
    pub fn gl_prefetch(g: *const gl_greenlet);
    #[doc = " Gives the calling thread's cached stacks back to the system, and what the buffers of its moved greenlets have too much. @return bytes released. @since 0.9"]
    pub fn gl_trim() -> usize;
    #[doc = " Adds a hook to the calling thread. @return #GL_OK; #GL_EINVAL (NULL, or there already); #GL_ENOMEM. @since 0.9"]
    pub fn gl_hook_add(hook: gl_exchange, user: *mut core::ffi::c_void) -> gl_status;
    #[doc = " Removes it; it is not called again. @return #GL_OK; #GL_EINVAL (unknown). @since 0.9"]
    pub fn gl_hook_remove(hook: gl_exchange, user: *mut core::ffi::c_void) -> gl_status;
    #[doc = " Adds a tracer to the calling thread; tracers are called in the order of adding, from the next event on.\n  @return #GL_OK; #GL_EINVAL (NULL, or there already); #GL_ENOMEM. @since 0.9"]
    pub fn gl_trace_add(tracer: gl_tracer, user: *mut core::ffi::c_void) -> gl_status;
    #[doc = " Removes it; it is not called again. @return #GL_OK; #GL_EINVAL (unknown). @since 0.9"]
    pub fn gl_trace_remove(tracer: gl_tracer, user: *mut core::ffi::c_void) -> gl_status;
    #[doc = " Which C++ runtime's exception state (`__cxa_get_globals`) is kept per greenlet. Found by itself where possible; greenlet.hpp calls this, and\n  C programs that load a C++ plugin may. One runtime a process; NULL: look for it again. Any thread; threads take it up at their next gl_new(). @since 0.9"]
    pub fn gl_set_cxx_runtime(get_globals: ::core::option::Option<unsafe extern "C" fn() -> *mut core::ffi::c_void>);
    #[doc = " Sums up for the process. Writes only `size` bytes. Any thread; approximate while other threads run. @return #GL_OK; #GL_EINVAL (NULL, size 0). @since 0.9"]
    pub fn gl_get_stats(stats: *mut gl_stats) -> gl_status;
    #[doc = " Makes a realm; its main greenlet is current. @return new; NULL when there is no memory. @since 0.9"]
    pub fn gl_realm_new() -> *mut gl_realm;
    #[doc = " Ends a realm as a thread's end does, but nothing can run any more: drain gl_host_next_orphan() first. Handles on its greenlets stay\n  valid and are expired. NULL is fine; so is a callback of that same realm, but there it does nothing. @since 0.9"]
    pub fn gl_realm_release(realm: *mut gl_realm);
    #[doc = " Borrowed; NULL for NULL. @since 0.9"]
    pub fn gl_realm_main(realm: *mut gl_realm) -> *mut gl_greenlet;
    #[doc = " Borrowed; NULL for NULL. @since 0.9"]
    pub fn gl_realm_current(realm: *mut gl_realm) -> *mut gl_greenlet;
    #[doc = " gl_switch() for a hosted target: who runs now? A status `>= 0` has committed. @return #GL_OK, or errors as gl_switch(). @since 0.9"]
    pub fn gl_host_switch(
        realm: *mut gl_realm,
        target: *mut gl_greenlet,
        value: *mut core::ffi::c_void,
        out: *mut gl_delivery,
    ) -> gl_status;
    #[doc = " gl_throw() for a hosted target. @since 0.9"]
    pub fn gl_host_throw(
        realm: *mut gl_realm,
        target: *mut gl_greenlet,
        payload: *mut core::ffi::c_void,
        out: *mut gl_delivery,
    ) -> gl_status;
    #[doc = " gl_kill() for a hosted target. When control comes back to the caller, that delivery carries the status of rule 13. @since 0.9"]
    pub fn gl_host_kill(realm: *mut gl_realm, target: *mut gl_greenlet, out: *mut gl_delivery) -> gl_status;
    #[doc = " The current one's body has ended with `outcome` and `result`, which mean what they mean for ::gl_run. @return #GL_OK; #GL_EINVAL (NULL, main is current); #GL_EBUSY. @since 0.9"]
    pub fn gl_host_end(realm: *mut gl_realm, outcome: gl_status, result: *mut core::ffi::c_void, out: *mut gl_delivery) -> gl_status;
    #[doc = " A greenlet whose last handle went: kill it now. After each transfer, before user code, call this until `out->next` is NULL, keeping the\n  delivery that came before (rule 36). @return #GL_OK; #GL_EINVAL; #GL_EBUSY. @since 0.9"]
    pub fn gl_host_next_orphan(realm: *mut gl_realm, out: *mut gl_delivery) -> gl_status;
    #[doc = " gl_foreach() for a realm. @since 0.9"]
    pub fn gl_realm_foreach(
        realm: *mut gl_realm,
        visit: ::core::option::Option<unsafe extern "C" fn(user: *mut core::ffi::c_void, g: *mut gl_greenlet) -> core::ffi::c_int>,
        user: *mut core::ffi::c_void,
    ) -> core::ffi::c_int;
    #[doc = " gl_dump() for a realm. @return #GL_OK; #GL_EINVAL. @since 0.9"]
    pub fn gl_realm_dump(realm: *mut gl_realm, write: gl_write, user: *mut core::ffi::c_void) -> gl_status;
    #[doc = " gl_trace_add() for a realm. @since 0.9"]
    pub fn gl_realm_trace_add(realm: *mut gl_realm, tracer: gl_tracer, user: *mut core::ffi::c_void) -> gl_status;
    #[doc = " gl_trace_remove() for a realm. @since 0.9"]
    pub fn gl_realm_trace_remove(realm: *mut gl_realm, tracer: gl_tracer, user: *mut core::ffi::c_void) -> gl_status;
}
