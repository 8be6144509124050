/* SPDX-License-Identifier: MIT */
/* Rules 15 and 16: who may become whose parent, and what a parent's handle does. */
#include "partner.h"

// rule 15: NULL or a main child is refused before anything else is looked at
TEST(set_parent_refuses_null_and_main_children) {
  struct partner other;
  struct family own, foreign;
  partner_start(&other);
  make_family(&own), partner_do(&other, make_family, &foreign);
  CHECK(gl_set_parent(NULL, NULL) == GL_EINVAL);
  CHECK(gl_set_parent(own.unstarted, NULL) == GL_EINVAL);
  CHECK(gl_set_parent(NULL, own.unstarted) == GL_EINVAL);
  CHECK(gl_set_parent(foreign.suspended, NULL) == GL_EINVAL);
  CHECK(gl_set_parent(own.main, own.suspended) == GL_EINVAL);
  CHECK(gl_set_parent(own.main, own.main) == GL_EINVAL);
  CHECK(gl_set_parent(own.main, foreign.suspended) == GL_EINVAL);
  CHECK(gl_set_parent(foreign.main, own.suspended) == GL_EINVAL);
  CHECK(gl_set_parent(foreign.main, foreign.suspended) == GL_EINVAL);
  CHECK(!gl_parent(own.main) && gl_parent(own.unstarted) == own.main);
  release_family(&own), partner_do(&other, release_family, &foreign);
  partner_end(&other);
  CHECK(all_gone());
}

// rule 15: two strangers are refused before a cycle between them is looked for
TEST(set_parent_between_strangers_is_ETHREAD) {
  struct partner other;
  struct family foreign;
  partner_start(&other), partner_do(&other, make_family, &foreign);
  gl_greenlet *kinds[] = {foreign.unstarted, foreign.suspended, foreign.dead};
  for (int i = 0; i < 3; i++) {
    CHECK(gl_set_parent(kinds[i], foreign.main) == GL_ETHREAD);
    CHECK(gl_set_parent(kinds[i], kinds[(i + 1) % 3]) == GL_ETHREAD);
    CHECK(gl_set_parent(kinds[i], kinds[i]) == GL_ETHREAD);
    CHECK(gl_parent(kinds[i]) == foreign.main);
  }
  partner_do(&other, release_family, &foreign), partner_end(&other);
  CHECK(all_gone());
}

// rule 15: strangers stay strangers when their thread has ended
TEST(set_parent_between_expired_is_ETHREAD) {
  struct family expired;
  on_a_thread(make_family, &expired);
  CHECK(gl_set_parent(expired.unstarted, expired.suspended) == GL_ETHREAD);
  CHECK(gl_set_parent(expired.suspended, expired.dead) == GL_ETHREAD);
  release_family(&expired);
  CHECK(all_gone());
}

// rule 15: a parent whose thread has ended
TEST(set_parent_to_an_expired_parent_is_EEXPIRED) {
  struct family own, expired;
  make_family(&own), on_a_thread(make_family, &expired);
  gl_greenlet *children[] = {own.unstarted, own.suspended, own.dead}, *parents[] = {expired.unstarted, expired.suspended, expired.dead};
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) CHECK(gl_set_parent(children[i], parents[j]) == GL_EEXPIRED);
  CHECK(gl_parent(own.unstarted) == gl_main());
  release_family(&own), release_family(&expired);
  CHECK(all_gone());
}

// rule 15: a child is refused when it is dead to the world, whatever it was when its thread ended
TEST(set_parent_of_an_expired_child_is_ETHREAD) {
  struct family own, expired;
  make_family(&own), on_a_thread(make_family, &expired);
  CHECK(gl_set_parent(expired.unstarted, gl_main()) == GL_ETHREAD);
  CHECK(gl_set_parent(expired.suspended, own.suspended) == GL_ETHREAD);
  CHECK(gl_set_parent(expired.dead, own.unstarted) == GL_ETHREAD);
  release_family(&own), release_family(&expired);
  CHECK(all_gone());
}

// rule 15: nobody becomes its own ancestor, in whatever state
TEST(set_parent_in_a_circle_is_ECYCLE) {
  struct family own;
  make_family(&own);
  gl_greenlet *kinds[] = {own.unstarted, own.suspended, own.dead};
  for (int i = 0; i < 3; i++) {
    gl_greenlet *child = child_of(kinds[i], never, NULL), *grandchild = child_of(child, never, NULL);
    CHECK(gl_set_parent(kinds[i], kinds[i]) == GL_ECYCLE);
    CHECK(gl_set_parent(kinds[i], child) == GL_ECYCLE);
    CHECK(gl_set_parent(kinds[i], grandchild) == GL_ECYCLE);
    CHECK(gl_parent(kinds[i]) == gl_main());
    gl_release(grandchild), gl_release(child);
  }
  release_family(&own);
  CHECK(all_gone());
}

// rule 15: only an unstarted child changes threads
TEST(set_parent_across_threads_refuses_started_children) {
  struct partner other;
  struct family own, foreign;
  partner_start(&other);
  make_family(&own), partner_do(&other, make_family, &foreign);
  CHECK(gl_set_parent(own.suspended, foreign.main) == GL_ETHREAD);
  CHECK(gl_set_parent(own.suspended, foreign.unstarted) == GL_ETHREAD);
  CHECK(gl_set_parent(own.dead, foreign.suspended) == GL_ETHREAD);
  CHECK(gl_set_parent(foreign.suspended, own.main) == GL_ETHREAD);
  CHECK(gl_set_parent(foreign.dead, own.suspended) == GL_ETHREAD);
  CHECK(gl_parent(own.suspended) == own.main && gl_parent(foreign.dead) == foreign.main);
  release_family(&own), partner_do(&other, release_family, &foreign);
  partner_end(&other);
  CHECK(all_gone());
}

BODY(reparents_itself_to_data) {
  CHECK(gl_set_parent(gl_current(), data) == GL_OK);
  *result = V(7);
  return GL_OK;
}

// rule 15: the current greenlet may choose another parent, and its outcome goes there (rule 4)
TEST(set_parent_of_the_current_greenlet_redirects_its_outcome) {
  gl_greenlet *heir = gl_new(identity, NULL), *g = gl_new(reparents_itself_to_data, heir);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, &received) == GL_OK && received == V(7));
  CHECK(gl_state(heir) == GL_DEAD && gl_parent(g) == heir);
  gl_release(g), gl_release(heir);
  CHECK(all_gone());
}

// rule 15: a dead child keeps passing on what is sent to it, and may be told to whom (rule 8)
TEST(set_parent_of_a_dead_greenlet_changes_where_it_forwards) {
  gl_greenlet *dead = gl_new(identity, NULL), *heir = gl_new(echo, NULL);
  void *received = NULL;
  gl_switch(dead, NULL, NULL);
  CHECK(gl_set_parent(dead, heir) == GL_OK);
  CHECK(gl_switch(dead, V(3), &received) == GL_OK && received == V(3) && gl_state(heir) == GL_SUSPENDED);
  gl_release(dead), gl_release(heir);
  CHECK(all_gone());
}

// rule 15: the parent that it has already
TEST(set_parent_to_the_same_parent_keeps_it_alive) {
  gl_greenlet *parent = gl_new(echo, NULL), *child = child_of(parent, never, NULL);
  gl_switch(parent, NULL, NULL);
  gl_release(parent); /* the child's handle is the last one */
  CHECK(gl_set_parent(child, parent) == GL_OK);
  CHECK(gl_parent(child) == parent && gl_state(parent) == GL_SUSPENDED);
  gl_release(child);
  CHECK(all_gone());
}

BODY(notes_its_kill) {
  gl_status status = to_parent(value, &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)data);
  return status;
}

// rule 15: the old parent's last handle may go, which kills it (rule 21) before the call returns
TEST(set_parent_may_kill_the_old_parent) {
  gl_greenlet *parent = gl_new(notes_its_kill, V(1)), *child = child_of(parent, never, NULL);
  gl_switch(parent, NULL, NULL);
  gl_release(parent);
  CHECK(happened(""));
  CHECK(gl_set_parent(child, gl_main()) == GL_OK);
  CHECK(happened("GL_KILLED 1") && gl_parent(child) == gl_main());
  gl_release(child);
  CHECK(all_gone());
}

// rule 16: a child keeps its parent, and the last handle on the child lets it go
TEST(parent_lives_as_long_as_its_children) {
  gl_greenlet *parent = gl_new(notes_its_kill, V(1));
  gl_switch(parent, NULL, NULL);
  gl_greenlet *unstarted = child_of(parent, never, NULL), *dead = child_of(parent, identity, NULL);
  gl_set_parent(dead, gl_main()), gl_switch(dead, NULL, NULL), gl_set_parent(dead, parent);
  gl_release(parent);
  gl_release(unstarted);
  CHECK(happened("") && gl_state(parent) == GL_SUSPENDED);
  gl_release(dead);
  CHECK(happened("GL_KILLED 1"));
  CHECK(all_gone());
}

// rule 16: a parent does not keep its children
TEST(children_are_not_kept_by_their_parent) {
  gl_greenlet *parent = gl_new(echo, NULL);
  gl_switch(parent, NULL, NULL);
  gl_release(NEW(.run = never, .parent = parent, .data = V(1), .drop = note_drop));
  CHECK(happened("drop 1") && gl_state(parent) == GL_SUSPENDED);
  gl_release(parent);
  CHECK(all_gone());
}

enum { LONG = 100000 };
static gl_greenlet *long_chain(gl_greenlet *top) {
  gl_greenlet *last = gl_retain(top);
  for (int i = 0; i < LONG; i++) {
    gl_greenlet *next = child_of(last, never, NULL);
    gl_release(last), last = next;
  }
  return last;
}

// rule 16: the last handle of a long line of ancestors goes without a deep recursion
TEST(a_long_line_of_ancestors_is_released_in_a_loop) {
  gl_greenlet *top = gl_new(notes_its_kill, V(1));
  gl_switch(top, NULL, NULL);
  gl_greenlet *last = long_chain(top);
  gl_release(top);
  CHECK(happened(""));
  gl_release(last);
  CHECK(happened("GL_KILLED 1"));
  CHECK(all_gone());
}

static void make_long_chain(void *last) { *(gl_greenlet **)last = long_chain(gl_main()); }
// rules 16, 19: nor with one of an ended thread
TEST(a_long_line_of_expired_ancestors_is_released_in_a_loop) {
  gl_greenlet *last = NULL;
  on_a_thread(make_long_chain, &last);
  CHECK(gl_state(last) == GL_DEAD && stats().alive == 0);
  gl_release(last);
  CHECK(all_gone());
}

// rules 11, 16: a throw passes a long line of unstarted ancestors, which all die unrun, without a deep recursion
TEST(a_throw_passes_a_long_line_of_unstarted_ancestors) {
  gl_greenlet *last = long_chain(gl_main());
  void *received = NULL;
  CHECK(gl_throw(last, V(5), &received) == GL_THROWN && received == V(5));
  CHECK(stats().alive == 0);
  CHECK(gl_switch(last, V(6), &received) == GL_OK && received == V(6)); /* all dead: on to main */
  gl_release(last);
  CHECK(all_gone());
}

static gl_greenlet *to_move;
static gl_status moved_to_stranger;
static struct family strangers;
static void move_while_starting(UNUSED void *user, int what, UNUSED gl_greenlet *from, gl_greenlet *to) {
  if (what != GL_EV_SWITCH || to != to_move || gl_state(to) != GL_UNSTARTED) return;
  moved_to_stranger = gl_set_parent(to, strangers.main);
}

// rule 15: a tracer may not move away what is being started
TEST(set_parent_of_a_starting_child_is_EBUSY) {
  struct partner other;
  partner_start(&other), partner_do(&other, make_family, &strangers);
  to_move = gl_new(identity, NULL);
  void *received = NULL;
  moved_to_stranger = GL_OK;
  gl_trace_add(move_while_starting, NULL);
  CHECK(gl_switch(to_move, V(9), &received) == GL_OK && received == V(9));
  gl_trace_remove(move_while_starting, NULL);
  CHECK(moved_to_stranger == GL_EBUSY && gl_parent(to_move) == gl_main());
  gl_release(to_move);
  partner_do(&other, release_family, &strangers), partner_end(&other);
  CHECK(all_gone());
}

static void reparent_while_starting(void *heir, int what, UNUSED gl_greenlet *from, gl_greenlet *to) {
  if (what == GL_EV_SWITCH && to == to_move) CHECK(gl_set_parent(to, heir) == GL_OK);
}
// rule 15: another parent of the same thread will do
TEST(set_parent_of_a_starting_child_in_its_thread) {
  gl_greenlet *heir = gl_new(echo, NULL);
  to_move = gl_new(identity, NULL);
  void *received = NULL;
  gl_trace_add(reparent_while_starting, heir);
  CHECK(gl_switch(to_move, V(4), &received) == GL_OK && received == V(4));
  gl_trace_remove(reparent_while_starting, heir);
  CHECK(gl_parent(to_move) == heir && gl_state(heir) == GL_SUSPENDED);
  gl_release(to_move), gl_release(heir);
  CHECK(all_gone());
}
