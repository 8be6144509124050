//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// The family tree as text. The list of a realm tells parents only, so children are looked for; two bits of each greenlet say where that is worth while
// and who has been written. So it needs no memory, and whatever happens to the tree while a line is written costs at most the indentation of others.
#include "internal.h"

#include <cstdarg>
#include <cstdio>

namespace gl {

namespace {

constexpr int deepest_indentation = 40;

class Line {
public:
  [[gnu::format(printf, 2, 3)]] void add(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): clang-tidy 14 forgets va_start() from the second file on
    int n = vsnprintf(text_ + size_, sizeof text_ - size_, format, arguments);
    va_end(arguments);
    if (n > 0) size_ += static_cast<size_t>(n);
    if (size_ >= sizeof text_) size_ = sizeof text_ - 1;
  }
  void give(gl_write write, void *user) {
    if (size_ == sizeof text_ - 1) size_--; // cut off
    add("\n");
    write(user, text_, size_);
  }

private:
  char text_[400];
  size_t size_ = 0;
};

void clear_marks(Greenlet *g) { g->dumped = g->has_child = false; }

// Those that have living descendants of their realm.
void mark_ancestors(Realm *r, Greenlet *g) {
  for (Greenlet *p = gl_parent(g); p && realm_of(p) == r && !p->has_child; p = gl_parent(p)) {
    p->has_child = true;
    if (!is_dead(p)) return;
  }
}

bool is_shown(const Greenlet *g) { return !is_dead(g) || g->has_child; }

// Behind `before`, all around. NULL: there is none any more.
Greenlet *next_child(Greenlet *parent, Greenlet *before) {
  if (!parent->has_child) return nullptr;
  for (Greenlet *g = before->next; g != before; g = g->next)
    if (!g->dumped && is_shown(g) && gl_parent(g) == parent) return g;
  parent->has_child = false;
  return nullptr;
}

// The first child of `last`, else its next sibling, or that of an ancestor; at last those whose parents are not of this realm.
Greenlet *next_in_tree(Realm *r, Greenlet *last) {
  Greenlet *child = next_child(last, last);
  for (Greenlet *g = last, *p; !child && (p = gl_parent(g)) && realm_of(p) == r; g = p) child = next_child(p, g);
  if (child) return child;
  for (Greenlet *g = r->main.next; g != &r->main; g = g->next)
    if (!g->dumped && is_shown(g)) return g;
  return nullptr;
}

void add_name(Line &line, const Greenlet *g) {
  line.add("%p", static_cast<const void *>(g));
  if (is_main(g)) line.add(" main");
  const char *name = gl_name(g);
  if (!*name) return;
  line.add(" '");
  for (int i = 0; name[i] && i < 100; i++) line.add("%c", static_cast<unsigned char>(name[i]) < ' ' ? '?' : name[i]);
  line.add("'");
}

void add_stack(Line &line, const Greenlet *g) {
  const Stack *stack = g->stack;
  if (g->flags & GL_HOSTED) return line.add(", hosted");
  bool on_thread = stack->kind == Stack::of_thread;
  if (on_thread) line.add(", thread's stack");
  else if (stack->kind == Stack::of_one) line.add(", private stack");
  else line.add(", shared stack %p", static_cast<const void *>(stack));
  StackUse use = stack_use(g);
  if (use.live) line.add(": %zu", use.live);
  if (use.live && !on_thread) line.add(" of %zu", stack->size);
  if (use.live) line.add(" bytes");
  if (use.moved) line.add(", %zu moved out", use.moved);
}

void describe(Line &line, const Greenlet *g) {
  static const char *const states[] = {"unstarted", "suspended", "running", "dead"};
  const Rare *rare = rare_of(g);
  int state = gl_state(g);
  add_name(line, g);
  line.add(" %s", states[state]);
  if (state == GL_SUSPENDED || state == GL_RUNNING) add_stack(line, g);
  if (rare->killing) line.add(", kills %p", static_cast<void *>(rare->killing));
  if (rare->killers) line.add(", killed by %p, child of %p", static_cast<void *>(rare->killers), static_cast<void *>(g->parent));
  Greenlet *parent = gl_parent(g);
  if (parent && realm_of(parent) != realm_of(g)) line.add(", child of %p of another thread", static_cast<void *>(parent));
  if (g->leaked) line.add(", leaked");
  else if (g->handles.load(std::memory_order_relaxed) == queued) line.add(", to be killed: its last handle went");
}

void indent(Line &line, Realm *r, Greenlet *g) {
  int depth = 0;
  for (Greenlet *p = gl_parent(g); p && realm_of(p) == r; p = gl_parent(p)) depth++;
  line.add("%*s", 2 * (depth < deepest_indentation ? depth : deepest_indentation), "");
}

// Parents change under the first of these locks, the list under the second.
void lock(Realm *r) {
  forest_lock.lock();
  r->list_lock.lock();
}
void unlock(Realm *r) {
  r->list_lock.unlock();
  forest_lock.unlock();
}

void dump(Realm *r, gl_write write, void *user) {
  InCallback callback(r);
  Cursor cursor; // whoever takes a greenlet out of the list moves it on
  lock(r);
  Greenlet *main = &r->main;
  cursor = {main, r->cursors};
  r->cursors = &cursor;
  clear_marks(main);
  for (Greenlet *g = main->next; g != main; g = g->next) clear_marks(g);
  for (Greenlet *g = main->next; g != main; g = g->next)
    if (!is_dead(g)) mark_ancestors(r, g);
  for (Greenlet *g = main; g; g = next_in_tree(r, g)) {
    Line line;
    g->dumped = true;
    indent(line, r, g);
    describe(line, g);
    cursor.next = g;
    unlock(r);
    line.give(write, user);
    lock(r);
    if (cursor.next != g || !is_shown(g)) g = main; // it is gone
  }
  r->cursors = cursor.outer;
  unlock(r);
}

} // namespace

} // namespace gl

using namespace gl;

gl_status gl_dump(gl_write write, void *user) {
  if (!write) return GL_EINVAL;
  Realm *r = attach();
  return r ? dump(r, write, user), GL_OK : GL_ENOMEM;
}

gl_status gl_realm_dump(gl_realm *realm, gl_write write, void *user) {
  return realm && write ? dump(realm, write, user), GL_OK : GL_EINVAL;
}
