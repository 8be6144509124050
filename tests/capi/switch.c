/* SPDX-License-Identifier: MIT */
/* gl_switch to every kind of target (rules 3, 6 to 8). */
#include "support.h"

// rule 6: the library looks at no value
TEST(values_arrive_unchanged) {
  gl_greenlet *g = gl_new(echo, NULL);
  const intptr_t values[] = {0, 1, -1, INTPTR_MIN, INTPTR_MAX, (intptr_t)0x5555aaaa5555aaaa};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    void *received = V(77);
    CHECK(gl_switch(g, V(values[i]), &received) == GL_OK);
    CHECK(received == V(values[i]));
  }
  gl_release(g);
  CHECK(all_gone());
}

BODY(ignore_values) {
  for (int i = 0; i < 3; i++)
    if (to_parent(V(i), NULL) != GL_OK) return GL_KILLED;
  return GL_OK;
}

// rule 6: received may be NULL on both sides
TEST(received_may_be_null) {
  gl_greenlet *g = gl_new(ignore_values, NULL);
  for (int i = 0; i < 4; i++) CHECK(gl_switch(g, V(5), NULL) == GL_OK);
  CHECK(gl_state(g) == GL_DEAD);
  gl_release(g);
  CHECK(all_gone());
}

// rule 7
TEST(switch_to_oneself_returns_the_value_at_once) {
  void *received = NULL;
  CHECK(gl_switch(gl_current(), V(3), &received) == GL_OK);
  CHECK(received == V(3));
  CHECK(gl_switch(gl_current(), V(4), NULL) == GL_OK);
  CHECK(gl_state(gl_current()) == GL_RUNNING);
}

BODY(switch_to_oneself) {
  CHECK(gl_switch(gl_current(), V(1), &value) == GL_OK);
  CHECK(value == V(1));
  CHECK(gl_state(gl_current()) == GL_RUNNING);
  CHECK(to_parent(V(2), &value) == GL_OK);
  CHECK(gl_switch(gl_current(), V(3), &value) == GL_OK);
  *result = value;
  return GL_OK;
}

// rule 7: first thing in a body, and after it has waited
TEST(greenlet_switches_to_itself) {
  gl_greenlet *g = gl_new(switch_to_oneself, NULL);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, &received) == GL_OK);
  CHECK(received == V(2));
  CHECK(gl_switch(g, NULL, &received) == GL_OK);
  CHECK(received == V(3));
  gl_release(g);
  CHECK(all_gone());
}

// rule 8: the ancestor is the caller itself
TEST(switch_to_a_dead_child_returns_the_value_at_once) {
  gl_greenlet *g = gl_new(identity, NULL);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  for (int i = 0; i < 3; i++) {
    CHECK(gl_switch(g, V(i), &received) == GL_OK);
    CHECK(received == V(i));
  }
  gl_release(g);
  CHECK(all_gone());
}

BODY(switch_to_data) {
  gl_status status = gl_switch(data, V(7), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  return status == GL_OK ? GL_OK : GL_KILLED;
}

// rule 8: the ancestor is somebody else, who waits
TEST(switch_to_a_dead_one_resumes_its_ancestor) {
  gl_greenlet *dead = gl_new(identity, NULL), *g = gl_new(switch_to_data, dead);
  void *received = NULL;
  CHECK(gl_switch(dead, NULL, NULL) == GL_OK);
  CHECK(gl_switch(g, NULL, &received) == GL_OK);
  CHECK(received == V(7));
  CHECK(gl_state(g) == GL_SUSPENDED);
  CHECK(gl_switch(g, V(8), NULL) == GL_OK);
  CHECK(happened("GL_OK 8"));
  gl_release(g), gl_release(dead);
  CHECK(all_gone());
}

BODY(make_a_dead_child_and_switch_to_it) {
  gl_greenlet *child = gl_new(identity, NULL);
  CHECK(gl_switch(child, V(1), &value) == GL_OK);
  CHECK(value == V(1));
  CHECK(gl_switch(child, V(2), &value) == GL_OK);
  CHECK(value == V(2));
  gl_release(child);
  return GL_OK;
}

// rule 8: in a greenlet
TEST(greenlet_switches_to_its_dead_child) {
  gl_greenlet *g = gl_new(make_a_dead_child_and_switch_to_it, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_state(g) == GL_DEAD);
  gl_release(g);
  CHECK(all_gone());
}

BODY(start_data) {
  gl_status status = gl_switch(data, V(5), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  return GL_OK;
}

// rules 3, 4: the outcome goes to the parent, not to who started it
TEST(result_goes_to_parent) {
  gl_greenlet *child = gl_new(identity, NULL), *starter = gl_new(start_data, child);
  void *received = NULL;
  CHECK(gl_switch(starter, NULL, &received) == GL_OK);
  CHECK(received == V(5));
  CHECK(gl_state(child) == GL_DEAD);
  CHECK(gl_state(starter) == GL_SUSPENDED);
  CHECK(happened(""));
  CHECK(gl_switch(starter, V(6), NULL) == GL_OK);
  CHECK(happened("GL_OK 6"));
  gl_release(starter), gl_release(child);
  CHECK(all_gone());
}

static gl_greenlet *ring[3];

BODY(pass_on) {
  int i = (int)(intptr_t)data;
  for (;;) {
    event("%d:%d", i, (int)(intptr_t)value);
    gl_greenlet *next = i == 2 && (intptr_t)value % 6 == 5 ? gl_main() : ring[(i + 1) % 3];
    gl_status status = gl_switch(next, V((intptr_t)value + 1), &value);
    if (status != GL_OK) return status;
  }
}

// rule 6: any greenlet may switch to any other
TEST(greenlets_switch_in_a_ring) {
  for (int i = 0; i < 3; i++) ring[i] = gl_new(pass_on, V(i));
  void *received = NULL;
  CHECK(gl_switch(ring[0], V(0), &received) == GL_OK);
  CHECK(received == V(6));
  CHECK(happened("0:0 1:1 2:2 0:3 1:4 2:5"));
  CHECK(gl_switch(ring[1], V(10), &received) == GL_OK);
  CHECK(received == V(12));
  CHECK(happened("1:10 2:11"));
  for (int i = 0; i < 3; i++) CHECK(gl_state(ring[i]) == GL_SUSPENDED);
  for (int i = 0; i < 3; i++) gl_release(ring[i]);
  CHECK(all_gone());
}

static gl_greenlet *family[3];

BODY(start_the_next_generation) {
  intptr_t i = (intptr_t)data;
  if (i < 2) family[i + 1] = gl_new(start_the_next_generation, V(i + 1));
  gl_status status = gl_switch(i < 2 ? family[i + 1] : gl_main(), V(1), &value);
  event("%d %s %d", (int)i, gl_status_name(status), (int)(intptr_t)value);
  *result = V((intptr_t)value + 1);
  return status;
}

// rules 4, 6: main goes on first, then the eldest, over the heads of those between
TEST(value_skips_a_generation) {
  family[0] = gl_new(start_the_next_generation, V(0));
  void *received = NULL;
  CHECK(gl_switch(family[0], NULL, &received) == GL_OK);
  CHECK(received == V(1));
  CHECK(gl_switch(family[0], V(20), &received) == GL_OK);
  CHECK(received == V(21));
  CHECK(happened("0 GL_OK 20"));
  CHECK(gl_switch(family[2], V(30), &received) == GL_OK); /* to the middle one, then past the dead eldest */
  CHECK(received == V(32));
  CHECK(happened("2 GL_OK 30 1 GL_OK 31"));
  for (int i = 0; i < 3; i++) gl_release(family[i]);
  CHECK(all_gone());
}

BODY(throw_at_main) {
  gl_status status = gl_throw(gl_main(), V(1), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  return GL_OK;
}
BODY(kill_data) {
  gl_status status = gl_kill(data, &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  return GL_OK;
}
BODY(go_to_main_when_killed) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  gl_switch(gl_main(), V(3), NULL);
  return GL_KILLED;
}

// rule 6: one that waits in gl_throw
TEST(switch_to_one_that_waits_in_throw) {
  gl_greenlet *g = gl_new(throw_at_main, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_THROWN);
  CHECK(gl_switch(g, V(2), NULL) == GL_OK);
  CHECK(happened("GL_OK 2"));
  gl_release(g);
  CHECK(all_gone());
}

// rules 6, 13: one that waits in gl_kill; its victim has not ended
TEST(switch_to_one_that_waits_in_kill) {
  gl_greenlet *victim = gl_new(go_to_main_when_killed, NULL), *g = gl_new(kill_data, victim);
  void *received = NULL;
  CHECK(gl_switch(victim, NULL, NULL) == GL_OK);
  CHECK(gl_switch(g, NULL, &received) == GL_OK);
  CHECK(received == V(3));
  CHECK(gl_switch(g, V(2), NULL) == GL_OK);
  CHECK(happened("GL_ALIVE 2"));
  CHECK(gl_state(victim) == GL_SUSPENDED);
  CHECK(gl_switch(victim, NULL, NULL) == GL_OK);
  gl_release(g), gl_release(victim);
  CHECK(all_gone());
}

static int depth_reached;
static gl_status descend(int depth, void **value) {
  volatile char frame[64];
  frame[0] = (char)depth, depth_reached = depth;
  gl_status status = depth ? descend(depth - 1, value) : to_parent(*value, value);
  CHECK(frame[0] == (char)depth);
  return status;
}
BODY(wait_deep_in_calls) {
  while (descend(50, &value) == GL_OK) CHECK(depth_reached == 0);
  return GL_KILLED;
}

// rule 6: in the middle of any call
TEST(greenlets_wait_deep_in_calls) {
  gl_greenlet *a = gl_new(wait_deep_in_calls, NULL), *b = gl_new(wait_deep_in_calls, NULL);
  for (int i = 0; i < 1000; i++) {
    void *received = NULL;
    CHECK(gl_switch(i % 3 ? a : b, V(i), &received) == GL_OK);
    CHECK(received == V(i));
  }
  gl_release(a), gl_release(b);
  CHECK(all_gone());
}

// rule 6
TEST(hundred_thousand_round_trips) {
  gl_greenlet *g = gl_new(echo, NULL);
  intptr_t wrong = 0;
  for (intptr_t i = 0; i < 100000; i++) {
    void *received = NULL;
    if (gl_switch(g, V(i), &received) != GL_OK || received != V(i)) wrong++;
  }
  CHECK(wrong == 0);
  gl_release(g);
  CHECK(all_gone());
}

// rule 6: a thousand wait at a time
TEST(thousand_siblings_wait) {
  enum { count = 1000 };
  static gl_greenlet *all[count];
  for (int i = 0; i < count; i++) all[i] = gl_new(echo, NULL);
  for (int round = 0; round < 3; round++)
    for (int i = 0; i < count; i++) {
      void *received = NULL;
      CHECK(gl_switch(all[i], V(i * 3 + round), &received) == GL_OK);
      CHECK(received == V(i * 3 + round));
    }
  for (int i = 0; i < count; i++) gl_release(all[(i * 7) % count]);
  CHECK(all_gone());
}
