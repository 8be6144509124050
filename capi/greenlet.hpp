// SPDX-License-Identifier: MIT
/// @file greenlet.hpp
/// Greenlets in C++17 and later: a header on top of greenlet.h, and nothing else.
///
/// The contract that holds everywhere; a function states only what differs:
///
/// - gl::ref is a borrowed greenlet, as a raw pointer is; gl::greenlet owns one handle. All operations are gl::ref's.
/// - A call that fails throws std::system_error with a code of gl::category(); then nothing has changed.
/// - A call that lets others run may also throw what arrives here: the exception that somebody threw into this greenlet, that a child did
///   not catch, or gl::killed. So such calls do not belong into `noexcept` functions and destructors (docs/cpp.md says how they may be there).
/// - A greenlet and the values and exceptions that it gets belong to one thread. Handles may be copied and destroyed on any thread.
/// - Values travel as C's `void *`. What fits a pointer travels as C would send it: integers and enumerations by conversion to `intptr_t`, pointers
///   and other small trivially copyable types as their bytes. Nobody can check those. All else is moved into a box, and the receiver must name its
///   exact type, or gl::bad_value is thrown. "No value" is NULL.
#ifndef GREENLET_HPP
#define GREENLET_HPP

#include "greenlet.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <utility>
#if __has_include(<cxxabi.h>)
#include <cxxabi.h>
#ifdef _LIBCPPABI_VERSION // it has the function and does not declare it
namespace __cxxabiv1 {
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals *__cxa_get_globals();
} // namespace __cxxabiv1
#endif
#endif

// What all parts of a program must see as one, also where each part hides its own names. A vendored library is seen by its own part alone.
#ifdef _WIN32
#define GL_ONE
#else
#define GL_ONE GL_API
#endif

/// @cond
template <> struct std::is_error_code_enum<gl_status_code> : std::true_type {};
/// @endcond

namespace gl {
inline namespace v0 {

namespace detail {
class error_category final : public std::error_category {
  const char *name() const noexcept override { return "greenlet"; }
  std::string message(int status) const override { return gl_strerror(status); }
  std::error_condition default_error_condition(int status) const noexcept override {
    switch (status) {
    case GL_EINVAL: return std::errc::invalid_argument;
    case GL_ENOMEM: return std::errc::not_enough_memory;
    case GL_EBUSY: return std::errc::device_or_resource_busy;
    case GL_ENOTSUP: return std::errc::not_supported;
    default: return {status, *this};
    }
  }
};
GL_ONE inline const error_category the_category;
} // namespace detail

/// The category of the negative numbers of gl_status. They compare with std::errc where that has the same meaning.
inline const std::error_category &category() noexcept { return detail::the_category; }

/// Thrown for a payload that C code threw. One that leaves a body arrives in C as that same payload.
class GL_ONE thrown final : public std::exception {
public:
  /// To throw a payload at C code from C++.
  explicit thrown(void *payload) noexcept : payload_(payload) {}
  /// What C threw, whose it is as C's own agreements say; NULL: an ancestor could not be started (rule 5), or there was no memory to carry an exception.
  void *payload() const noexcept { return payload_; }
  /// That much, in English.
  const char *what() const noexcept override { return "a payload was thrown into this greenlet"; }

private:
  void *payload_;
};

/// Thrown when a value that came is not of the type that was asked for. The value is destroyed.
class GL_ONE bad_value final : public std::bad_cast {
public:
  /// That much, in English.
  const char *what() const noexcept override { return "this greenlet received a value of another type"; }
};

namespace detail {

/// A value or an exception on its way through a `void *`. All that are on their way in a thread are in a list that a local of its main greenlet holds.
/// That list, not the pointer, tells what is a box, because C may send anything; and it frees what nobody took when the thread ends.
struct box {
  explicit box(const void *t) noexcept : type(t) {}
  box(const box &) = delete;
  box &operator=(const box &) = delete;
  virtual ~box() = default;

  const void *type; // the address of its type_tag
  box *next = nullptr;
  std::size_t number = 0;          // in the order of sending
  gl_greenlet *receiver = nullptr; // of an exception that ended a body
};
template <class T> GL_ONE inline char type_tag = 0; // not const: no linker may fold two of them
template <class T> struct box_of final : box {
  template <class V> explicit box_of(V &&v) : box(&type_tag<T>), content(std::forward<V>(v)) {}
  T content;
};

/// A greenlet's kill. One reference is its own, from the first kill to its end; the others are those of gl::killed objects.
struct kill_record {
  std::atomic<unsigned> references{1};
  unsigned repeats = 0;
};
inline void drop_reference(kill_record *k) noexcept {
  if (k && k->references.fetch_sub(1) == 1) delete k;
}

// What a switch looks at inline; all else is behind these two.
GL_ONE inline std::atomic<int> boxes_on_their_way{0}; // of all threads
GL_ONE inline std::atomic<int> kills_under_way{0};    // greenlets that have a kill_record

GL_ONE inline std::atomic<std::size_t> boxes_sent{0}; // ever

struct process {
  gl_key boxes = ~gl_key{0}, kill = ~gl_key{0}; // where there are no keys left, a box is a bad_alloc, and a swallowed kill goes unnoticed

  process() noexcept {
#if __has_include(<cxxabi.h>)
    gl_set_cxx_runtime(reinterpret_cast<void *(*)()>(&abi::__cxa_get_globals));
#endif
    (void)gl_key_new(&boxes, drop_boxes);
    (void)gl_key_new(&kill, drop_kill);
  }
  static void drop_boxes(void *first) noexcept {
    for (auto *b = static_cast<box *>(first); b; boxes_on_their_way--) delete std::exchange(b, b->next);
  }
  static void drop_kill(void *record) noexcept {
    kills_under_way--;
    drop_reference(static_cast<kill_record *>(record));
  }
};
GL_ONE inline const process shared; // before every greenlet, also static ones

inline box *first_box() noexcept { return static_cast<box *>(gl_local(gl_main(), shared.boxes)); }

/// Puts `b` on its way. NULL: no memory, and `b` is gone.
inline void *send(std::unique_ptr<box> b) noexcept {
  if (!b) return nullptr;
  b->next = first_box();
  if (gl_set_local(gl_main(), shared.boxes, b.get()) != GL_OK) return nullptr;
  boxes_on_their_way++;
  b->number = ++boxes_sent;
  return b.release();
}

/// Takes the first box that `wanted` accepts off its way; empty: there is none.
template <class F> std::unique_ptr<box> take_if(F wanted) noexcept {
  for (box *b = first_box(), *before = nullptr; b; before = b, b = b->next) {
    if (!wanted(b)) continue;
    if (before) before->next = b->next;
    else (void)gl_set_local(gl_main(), shared.boxes, b->next);
    boxes_on_their_way--;
    return std::unique_ptr<box>(b);
  }
  return {};
}
inline std::unique_ptr<box> take(void *pointer) noexcept {
  return take_if([pointer](box *b) { return b == pointer; });
}

template <class T> constexpr bool fits = sizeof(T) <= sizeof(void *) && std::is_trivially_copyable_v<T>;
template <> inline constexpr bool fits<void> = true;

[[gnu::noinline, gnu::cold]] inline void discard(void *pointer) noexcept { take(pointer); }
[[gnu::noinline, gnu::cold]] inline void refuse_box(void *pointer) {
  if (take(pointer)) throw bad_value();
}

} // namespace detail

/// @name For code that calls greenlet.h itself
/// @{

/// A value as C sends it. Owned by whoever receives the pointer, if `T` does not fit a pointer: it must reach from_pointer() on this thread,
/// or drop_pointer(). @throws std::bad_alloc
template <class T> inline void *to_pointer(T &&value) {
  using V = std::decay_t<T>;
  if constexpr (std::is_null_pointer_v<V>) {
    return nullptr;
  } else if constexpr (!detail::fits<V>) {
    void *sent = detail::send(std::make_unique<detail::box_of<V>>(std::forward<T>(value)));
    return sent ? sent : throw std::bad_alloc();
  } else if constexpr (std::is_integral_v<V> || std::is_enum_v<V>) {
    return reinterpret_cast<void *>(static_cast<std::intptr_t>(value));
  } else {
    const V copy = std::forward<T>(value);
    void *pointer = nullptr;
    std::memcpy(&pointer, &copy, sizeof copy);
    return pointer;
  }
}

/// Takes a value that came through a `void *`. As `void`, it is dropped; as `void *` it is handed on as it is, a box that somebody else must take included.
/// @throws gl::bad_value
template <class T> inline T from_pointer(void *pointer) {
  static_assert(std::is_same_v<T, std::decay_t<T>>,
                "ask for a plain type: what is behind a reference or in an array stays with the sender");
  if constexpr (std::is_void_v<T>) {
    if (detail::boxes_on_their_way.load(std::memory_order_relaxed) != 0) detail::discard(pointer);
  } else if constexpr (!detail::fits<T>) {
    std::unique_ptr<detail::box> b = detail::take(pointer);
    if (!b || b->type != &detail::type_tag<T>) throw bad_value();
    return std::move(static_cast<detail::box_of<T> &>(*b).content);
  } else {
    if constexpr (!std::is_same_v<T, void *>)
      if (detail::boxes_on_their_way.load(std::memory_order_relaxed) != 0) detail::refuse_box(pointer);
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      return static_cast<T>(reinterpret_cast<std::intptr_t>(pointer));
    } else {
      alignas(T) unsigned char bytes[sizeof(T)];
      std::memcpy(bytes, &pointer, sizeof(T));
      return std::move(*std::launder(reinterpret_cast<T *>(bytes)));
    }
  }
}

/// Destroys a value or an exception that C code received and will not pass on. Does nothing for other pointers. Fits gl_options::drop_result.
inline void drop_pointer(void *pointer) noexcept { from_pointer<void>(pointer); }

/// An exception as C throws it: for gl_throw(), or for a body that returns #GL_THROWN. Owned as what to_pointer() returns. @throws std::bad_alloc
inline void *to_payload(std::exception_ptr exception) {
  void *sent = detail::send(std::make_unique<detail::box_of<std::exception_ptr>>(std::move(exception)));
  return sent ? sent : throw std::bad_alloc();
}

/// Takes the exception out of a payload that came with #GL_THROWN, or to a function of gl_set_unhandled(). One that C made becomes a gl::thrown.
inline std::exception_ptr from_payload(void *payload) noexcept {
  std::unique_ptr<detail::box> b = detail::take(payload);
  if (b && b->type == &detail::type_tag<std::exception_ptr>)
    return std::move(static_cast<detail::box_of<std::exception_ptr> &>(*b).content);
  return std::make_exception_ptr(thrown(payload));
}
/// @}

/// Thrown in a greenlet that is being killed, so that its destructors run. It is no std::exception, so that handlers of errors let it pass.
///
/// Whoever catches it, by `catch (...)` or by name, must throw it on. A handler that does not has not stopped the kill: the next call that would
/// let others run throws it again (at most ten times, so that a loop that swallows everything cannot hang its killer: then
/// gl::ref::kill() answers false there). A body that returns after a kill counts as killed, and its result is dropped.
class GL_ONE killed {
public:
  /// Any thread, as the destructor.
  killed(const killed &other) noexcept : record_(other.record_) {
    if (record_) record_->references++;
  }
  ~killed() { detail::drop_reference(record_); }
  killed &operator=(const killed &) = delete;

  /// Throws it in the current greenlet: for C++ code that got #GL_KILLED from greenlet.h.
  [[noreturn, gnu::noinline, gnu::cold]] static void raise() {
    detail::kill_record *record = current();
    if (!record && (record = new (std::nothrow) detail::kill_record)) {
      if (gl_set_local(gl_current(), detail::shared.kill, record) == GL_OK) detail::kills_under_way++;
      else delete std::exchange(record, nullptr);
    }
    if (record) record->repeats = 0;
    throw killed(record);
  }
  /// Throws it again if it was swallowed: for code that is about to call greenlet.h. gl::ref and gl::generator do this themselves.
  static void check() {
    if (detail::kills_under_way.load(std::memory_order_relaxed) != 0) raise_again();
  }

private:
  static constexpr unsigned most_repeats = 10;
  explicit killed(detail::kill_record *record) noexcept : record_(record) {
    if (record_) record_->references++;
  }
  static detail::kill_record *current() noexcept { return static_cast<detail::kill_record *>(gl_local(gl_current(), detail::shared.kill)); }
  [[gnu::noinline, gnu::cold]] static void raise_again() {
    detail::kill_record *record = current();
    // More references are those of an exception that is still on its way, or held by a handler that may yet throw it on.
    if (!record || record->references != 1 || record->repeats == most_repeats) return;
    record->repeats++;
    throw killed(record);
  }
  detail::kill_record *record_; // NULL: there was no memory, and nobody notices when it is swallowed
};

namespace detail {

inline void check(gl_status status, const char *function) {
  if (status < 0) throw std::system_error(status, category(), function);
}

/// What is not a value.
[[noreturn, gnu::noinline, gnu::cold]] inline void arrive(gl_status status, void *received, const char *function) {
  check(status, function);
  if (status == GL_KILLED) killed::raise();
  std::rethrow_exception(from_payload(received));
}

/// The parameter of a body; `void *` where there is none to see, as in a generic lambda.
template <class R, class P> std::decay_t<P> parameter(R (*)(P));
template <class F, class R, class P> std::decay_t<P> parameter(R (F::*)(P));
template <class F, class R, class P> std::decay_t<P> parameter(R (F::*)(P) const);
template <class F> decltype(parameter(std::declval<F>())) parameter_of(int);
template <class F> decltype(parameter(&F::operator())) parameter_of(int);
template <class F> void *parameter_of(...);

/// What a greenlet's `data` is: its callable.
template <class F> struct body {
  std::optional<F> callable;

  template <class V> explicit body(V &&v) : callable(std::in_place, std::forward<V>(v)) {}
  static void drop(void *data) noexcept { delete static_cast<body *>(data); }

  static gl_status run(void *data, void *value, void **result) {
    auto *self = static_cast<body *>(data);
    gl_status status = GL_OK;
    try {
      *result = self->call(value);
    } catch (const killed &) { status = GL_KILLED; } catch (const thrown &t) {
      *result = t.payload();
      status = GL_THROWN;
    } catch (...) {
      std::exception_ptr exception = std::current_exception();
      if (!exception) throw; // no C++ exception: pthread_exit() or a cancellation unwinds the thread
      *result = send_outcome(std::move(exception));
      status = GL_THROWN;
    }
    self->callable.reset();
    if (status == GL_OK && kills_under_way.load(std::memory_order_relaxed) != 0 && gl_local(gl_current(), shared.kill)) {
      drop_pointer(std::exchange(*result, nullptr));
      status = GL_KILLED;
    }
    return status;
  }

private:
  void *call(void *value) {
    if constexpr (std::is_invocable_v<F &>) {
      drop_pointer(value);
      return result_of();
    } else {
      using P = decltype(parameter_of<F>(0));
      static_assert(std::is_invocable_v<F &, P>, "a greenlet's body takes one value or nothing");
      return result_of(from_pointer<P>(value));
    }
  }
  template <class... P> void *result_of(P &&...value) {
    if constexpr (std::is_void_v<std::invoke_result_t<F &, P...>>) return std::invoke(*callable, std::forward<P>(value)...), nullptr;
    else return to_pointer(std::invoke(*callable, std::forward<P>(value)...));
  }
  static void *send_outcome(std::exception_ptr exception) noexcept {
    std::unique_ptr<box> b(new (std::nothrow) box_of<std::exception_ptr>(std::move(exception)));
    if (!b) return nullptr;
    b->receiver = gl_parent(gl_current());
    return send(std::move(b));
  }
};

/// Gives a handle back. Exceptions that came here meanwhile, of greenlets that were unwound, are nobody's (rule 14): gl_set_unhandled()'s function has
/// seen them.
inline void release(gl_greenlet *g) noexcept {
  const std::size_t before = boxes_sent.load(std::memory_order_relaxed);
  gl_release(g);
  if (boxes_sent.load(std::memory_order_relaxed) == before) return;
  auto is_nobodys = [before, me = gl_current()](box *b) {
    return b->receiver == me && static_cast<std::ptrdiff_t>(b->number - before) > 0;
  };
  while (take_if(is_nobodys)) {}
}

} // namespace detail

/// A borrowed greenlet: somebody else's handle keeps it. As cheap to copy as a pointer; may be empty.
class ref {
public:
  ref() noexcept = default;                                              ///< empty
  ref(gl_greenlet *g) noexcept : g_(g) {}                                ///< borrows `g`; NULL: empty
  gl_greenlet *get() const noexcept { return g_; }                       ///< borrowed
  explicit operator bool() const noexcept { return g_; }                 ///< not empty
  friend bool operator==(ref a, ref b) noexcept { return a.g_ == b.g_; } ///< the same greenlet
  friend bool operator!=(ref a, ref b) noexcept { return a.g_ != b.g_; } ///< not the same

  /// Lets this greenlet run until somebody switches back here: see gl_switch(). Compiles to that call and a few instructions.
  ///     int answer = worker.switch_to<int>("question");
  /// @param value  nothing, or one value, which is moved or copied out
  /// @return what came back, as an `R`; `void` drops it
  /// @throws what arrives here; gl::bad_value; std::system_error with the errors of gl_switch(): then the value is lost
  template <class R = void, class... V> [[gnu::always_inline]] R switch_to(V &&...value) const {
    static_assert(sizeof...(V) <= 1, "one value at most: send a struct or a tuple");
    killed::check();
    void *sent = nullptr, *received = nullptr;
    if constexpr (sizeof...(V) == 1) sent = to_pointer(std::forward<V>(value)...);
    gl_status status = gl_switch(g_, sent, &received);
    if (status != GL_OK) {
      if constexpr (!(detail::fits<std::decay_t<V>> && ...))
        if (status < 0) drop_pointer(sent);
      detail::arrive(status, received, "gl_switch");
    }
    return from_pointer<R>(received);
  }

  /// Throws `exception` in this greenlet, from the call in which it waits: see gl_throw(). One that has not started dies, and its parent gets the exception.
  /// @param exception  an exception object, or a std::exception_ptr
  /// @return, @throws as switch_to()
  template <class R = void, class E> R throw_in(E &&exception) const {
    killed::check();
    std::exception_ptr carried;
    if constexpr (std::is_same_v<std::decay_t<E>, std::exception_ptr>) carried = std::forward<E>(exception);
    else carried = std::make_exception_ptr(std::forward<E>(exception));
    void *payload = to_payload(std::move(carried)), *received = nullptr;
    gl_status status = gl_throw(g_, payload, &received);
    if (status < 0) drop_pointer(payload);
    if (status != GL_OK) detail::arrive(status, received, "gl_throw");
    return from_pointer<R>(received);
  }

  /// Ends this greenlet by throwing gl::killed where it waits, and comes back when it has ended: see gl_kill(). A value that comes is dropped.
  /// @return whether it is dead: false if it switched here in place of ending
  /// @throws the exception that its unwinding ended with; gl::killed; std::system_error with the errors of gl_kill()
  bool kill() const {
    killed::check();
    void *received = nullptr;
    gl_status status = gl_kill(g_, &received);
    if (status != GL_OK && status != GL_ALIVE) detail::arrive(status, received, "gl_kill");
    drop_pointer(received);
    return status == GL_OK;
  }

  /// Who gets the outcome; empty for a main greenlet.
  ref parent() const noexcept { return gl_parent(g_); }
  /// @throws std::system_error with the errors of gl_set_parent()
  void set_parent(ref parent) const { detail::check(gl_set_parent(g_, parent.g_), "gl_set_parent"); }
  /// #GL_DEAD when empty. Any thread.
  gl_state_code state() const noexcept { return static_cast<gl_state_code>(gl_state(g_)); }
  /// "" when it has none. Any thread.
  const char *name() const noexcept { return gl_name(g_); }

protected:
  gl_greenlet *g_ = nullptr; ///< for gl::greenlet, which owns it
};

/// The greenlet that runs.
inline ref current() noexcept { return gl_current(); }
/// The calling thread's main greenlet.
inline ref main_greenlet() noexcept { return gl_main(); }

/// Owns a handle on a stack that many greenlets share; each of them has one too. While one is copied out, nobody may use pointers to its locals.
///
///     gl::shared_stack stack;
///     gl::greenlet one({.stack = stack}, [] {}), two({.stack = stack}, [] {});
class shared_stack {
public:
  /// Makes one of `size` bytes; 0: the default. @throws std::bad_alloc
  explicit shared_stack(std::size_t size = 0) : stack_(gl_stack_new(size)) {
    if (!stack_) throw std::bad_alloc();
  }
  /// The calling thread's own. @throws std::bad_alloc
  static shared_stack of_thread() {
    shared_stack own(gl_stack_retain(gl_stack_thread()));
    return own.stack_ ? own : throw std::bad_alloc();
  }
  /// Takes one more handle. Any thread.
  shared_stack(const shared_stack &other) noexcept : stack_(gl_stack_retain(other.stack_)) {}
  /// Gives the old handle back.
  shared_stack &operator=(shared_stack other) noexcept {
    std::swap(stack_, other.stack_);
    return *this;
  }
  /// Gives the handle back; greenlets that run there keep theirs.
  ~shared_stack() { gl_stack_release(stack_); }
  /// For gl::options and greenlet.h. Borrowed.
  operator gl_stack *() const noexcept { return stack_; }

private:
  explicit shared_stack(gl_stack *stack) noexcept : stack_(stack) {}
  gl_stack *stack_;
};

/// How to make a greenlet: what gl_options says of these.
struct options {
  ref parent = {};            ///< empty: the current one
  gl_stack *stack = nullptr;  ///< NULL: a private one; else a gl::shared_stack
  std::size_t stack_size = 0; ///< 0: the default
  const char *name = nullptr; ///< copied; may be NULL
  std::uint32_t flags = 0;    ///< of ::gl_flag; with #GL_DISCARD, destructors do not run if it is dropped while suspended
};

/// Owns one handle. Copies own one each; the last handle of a suspended greenlet unwinds it (on its own thread, at the latest at that thread's next call).
///
///     gl::greenlet worker([](std::string order) { return order.size(); });
///     auto size = worker.switch_to<std::size_t>(std::string("tea"));
class greenlet : public ref {
  template <class F> using enable_body = std::enable_if_t<!std::is_convertible_v<F, ref>>;

public:
  greenlet() noexcept = default; ///< empty

  /// Makes an unstarted child of the current greenlet.
  /// @param body  any callable, also one that can only be moved. It gets the first value as what its parameter says (`void *` if it is a
  ///              generic one), or takes nothing. What it returns goes to the parent, and so does an exception that leaves it.
  ///              It is destroyed on the greenlet's own stack as soon as it has ended, or where the greenlet is dropped unstarted.
  /// @throws std::system_error with the errors of gl_new_with()
  template <class F, class = enable_body<F>> explicit greenlet(F &&body) : greenlet(options{}, std::forward<F>(body)) {}

  /// The same with options.
  template <class F> greenlet(const options &with, F &&body) {
    using body_type = detail::body<std::decay_t<F>>;
    auto data = std::make_unique<body_type>(std::forward<F>(body));
    gl_options all{};
    all.size = sizeof all;
    all.run = body_type::run;
    all.data = data.get();
    all.drop = body_type::drop;
    all.drop_result = drop_pointer;
    all.parent = with.parent.get();
    all.stack = with.stack;
    all.stack_size = with.stack_size;
    all.name = with.name;
    all.flags = with.flags;
    detail::check(gl_new_with(&all, &g_), "gl_new_with");
    data.release();
  }

  /// Takes one more handle on `g`.
  explicit greenlet(ref g) noexcept : ref(gl_retain(g.get())) {}
  /// Takes over a handle that the caller has, such as gl_new() gives.
  static greenlet adopt(gl_greenlet *g) noexcept {
    greenlet owner;
    owner.g_ = g;
    return owner;
  }
  /// Gives up the handle: the caller has it now, and *this is empty.
  gl_greenlet *detach() noexcept { return std::exchange(g_, nullptr); }
  /// Gives the handle back.
  void reset() noexcept {
    if (g_) detail::release(detach());
  }

  /// Takes one more handle. Any thread.
  greenlet(const greenlet &other) noexcept : greenlet(static_cast<const ref &>(other)) {}
  /// Takes the handle over.
  greenlet(greenlet &&other) noexcept : ref(other.detach()) {}
  /// Gives the old handle back.
  greenlet &operator=(greenlet other) noexcept {
    std::swap(g_, other.g_);
    return *this;
  }
  ~greenlet() { reset(); }
};

/// What a generator's body calls with each value: `yield(v)`. From the body's own greenlet only; may throw what arrives there.
template <class T> class yielder {
public:
  /// Hands out a `T` made of `value`, and waits until the next one is asked for. @throws what arrives here, gl::killed above all
  template <class V> void operator()(V &&value) const {
    slot_->emplace(std::forward<V>(value));
    ref(gl_parent(self_)).switch_to();
  }

private:
  template <class> friend class generator;
  yielder(gl_greenlet *self, std::optional<T> *slot) noexcept : self_(self), slot_(slot) {}
  gl_greenlet *self_;
  std::optional<T> *slot_;
};

/// The values that a body yields, as an input range: for loops, and algorithms that take one pass.
///
///     gl::generator<int> squares([](auto yield) { for (int i = 1; i < 4; ++i) yield(i * i); });
///     for (int n : squares) std::cout << n << ' ';
///
/// The body starts at begin() and runs only between there and the next value, as a child of whoever asks. It may wait in the meantime: others run then.
/// An exception that leaves it comes out of begin() or `++`, and the range is at its end. Destroying the generator unwinds a body that has not ended.
template <class T> class generator {
  static_assert(std::is_object_v<T>, "to yield references, use pointers or std::reference_wrapper");

public:
  /// @param body  called with a gl::yielder<T>; its result is dropped
  template <class F, class = std::enable_if_t<std::is_invocable_v<F &, yielder<T>>>>
  explicit generator(F body) : generator(options{}, std::move(body)) {}
  /// The same with options.
  template <class F> generator(const options &with, F body) {
    auto slot = std::make_unique<std::optional<T>>();
    slot_ = slot.get();
    body_ = greenlet(with, [body = std::move(body), slot = std::move(slot)]() mutable { body(yielder<T>(gl_current(), slot.get())); });
  }
  /// Moving invalidates iterators.
  generator(generator &&other) noexcept : body_(std::move(other.body_)), slot_(other.slot_) {}
  /// Unwinds the old body.
  generator &operator=(generator &&other) noexcept {
    body_ = std::move(other.body_);
    slot_ = other.slot_;
    return *this;
  }

  /// An input iterator, valid until the generator is moved or destroyed. `++` may let others run. Two are equal if both are at the end.
  class iterator {
  public:
    /// @cond
    using iterator_category = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = T *;
    using reference = T &;

    iterator() noexcept = default;
    T &operator*() const noexcept { return **from_->slot_; }
    T *operator->() const noexcept { return &**from_->slot_; }
    iterator &operator++() {
      from_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator &a, const iterator &b) noexcept { return a.at_end() && b.at_end(); }
    friend bool operator!=(const iterator &a, const iterator &b) noexcept { return !(a == b); }
    /// @endcond

  private:
    friend class generator;
    explicit iterator(generator *from) noexcept : from_(from) {}
    bool at_end() const noexcept { return !from_ || !from_->has_value(); }
    generator *from_ = nullptr;
  };

  /// At the first value, which it makes the body compute; or, if it was called before, at the value where the generator stands.
  iterator begin() {
    if (!has_value()) next();
    return iterator(this);
  }
  /// What every iterator equals behind the last value.
  iterator end() noexcept { return {}; }

private:
  bool has_value() const noexcept { return body_.state() != GL_DEAD && *slot_; } // the slot goes with the body

  void next() {
    if (body_.state() == GL_DEAD) return;
    slot_->reset();
    if (body_.parent() != current()) body_.set_parent(current());
    body_.switch_to();
    if (!has_value() && body_.state() != GL_DEAD) throw bad_value(); // somebody else switched here
  }

  greenlet body_;
  std::optional<T> *slot_ = nullptr; // the body's own
};

/// A value that each greenlet has of its own, made when it first asks, destroyed on its stack when it ends (a destructor must not switch).
/// For static storage: its key stays in use for the life of the process.
///
///     static gl::local<int> depth;
///     ++*depth;
template <class T> class local {
public:
  /// @throws std::system_error with the errors of gl_key_new()
  local() { detail::check(gl_key_new(&key_, drop), "gl_key_new"); }
  local(const local &) = delete;
  local &operator=(const local &) = delete;

  /// The current greenlet's value, made with `T()` if it has none. @throws std::bad_alloc, what `T()` throws
  T &operator*() const {
    T *value = get();
    return value ? *value : emplace();
  }
  /// As `*`.
  T *operator->() const { return &**this; }
  /// The value of `g`; NULL: it has none.
  T *get(ref g = current()) const noexcept { return static_cast<T *>(gl_local(g.get(), key_)); }
  /// Gives the current greenlet a new value. @throws std::bad_alloc, what the constructor throws: then the old value stays
  template <class... A> T &emplace(A &&...arguments) const {
    auto value = std::make_unique<T>(std::forward<A>(arguments)...);
    std::unique_ptr<T> old(get());
    if (gl_set_local(gl_current(), key_, value.get()) == GL_OK) return *value.release();
    (void)old.release();
    throw std::bad_alloc();
  }
  /// Destroys the current greenlet's value, if it has one.
  void reset() const noexcept {
    std::unique_ptr<T> old(get());
    if (old) (void)gl_set_local(gl_current(), key_, nullptr);
  }

private:
  static void drop(void *value) noexcept { delete static_cast<T *>(value); }
  gl_key key_ = 0;
};

} // namespace v0
} // namespace gl

/// The numbers of gl_status as error codes: `error.code() == GL_ETHREAD`.
inline std::error_code make_error_code(gl_status_code status) noexcept { return {status, gl::category()}; }

#undef GL_ONE
#endif
