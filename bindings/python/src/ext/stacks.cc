// SPDX-License-Identifier: MIT
// Which stack a greenlet runs on, chosen when it starts.
#include "internal.h"

#include <cstring>
#include <initializer_list>

enum class Kind { shared, thread, private_ };
static const char *const kind_names[] = {"shared", "thread", "private"};
static Kind kind = Kind::shared;

// What Python's recursion limits assume; only what is touched takes memory.
constexpr size_t stack_size = 8 << 20;

// Each in its turn, so that a few greenlets that switch among each other stay in place, as in a cache; and never the parent's: control goes to and fro
// between those two.
static gl_stack *shared_stack(Thread *t, State *s) {
  unsigned at = t->next_shared++ % shared_stacks;
  const State *parent = s->parent->state;
  if (parent->on_shared && parent->shared_at == at) at = t->next_shared++ % shared_stacks;
  s->shared_at = static_cast<uint8_t>(at);
  gl_stack *&stack = t->shared[at];
  if (!stack) stack = gl_stack_new(stack_size);
  return stack;
}

gl_greenlet *new_core(Thread *t, State *s, gl_greenlet *parent) {
  gl_options options{};
  options.size = sizeof options;
  options.run = body;
  options.data = s;
  options.parent = parent;
  options.flags = GL_DISCARD; // death.cc kills; nobody else is to
  s->on_shared = kind == Kind::shared;
  s->on_thread = kind == Kind::thread;
  if (s->on_shared) options.stack = shared_stack(t, s);
  else if (s->on_thread) options.stack = gl_stack_thread();
  else options.stack_size = stack_size;
  if (s->on_thread) t->main->state->on_thread = true;
  gl_greenlet *core = nullptr;
  if ((!options.stack && !options.stack_size) || gl_new_with(&options, &core) != GL_OK) PyErr_NoMemory();
  return core;
}

PyObject *set_stack(PyObject *, PyObject *name) {
  const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : "";
  if (!text) return nullptr;
  Kind old = kind;
  for (Kind k : {Kind::shared, Kind::thread, Kind::private_})
    if (!strcmp(text, kind_names[static_cast<int>(k)])) return kind = k, PyUnicode_FromString(kind_names[static_cast<int>(old)]);
  return PyErr_Format(PyExc_ValueError, "the stack is one of 'shared', 'thread' and 'private', not %R", name);
}
