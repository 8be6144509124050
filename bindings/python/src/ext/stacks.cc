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

// Two that take turns by generation, so that a parent and its child do not share: neither has to be moved when control goes to and fro.
static gl_stack *shared_stack(Thread *t, const State *s) {
  const State *parent = s->parent->state;
  bool odd = parent->odd_stack;
  gl_stack *&stack = t->shared[odd ? 0 : 1];
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
  s->moves = kind != Kind::private_;
  s->odd_stack = !s->parent->state->odd_stack;
  if (kind == Kind::private_) options.stack_size = stack_size;
  else options.stack = kind == Kind::shared ? shared_stack(t, s) : gl_stack_thread();
  if (kind == Kind::thread) t->main->state->moves = true;
  gl_greenlet *core = nullptr;
  if ((s->moves && !options.stack) || gl_new_with(&options, &core) != GL_OK) PyErr_NoMemory();
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
