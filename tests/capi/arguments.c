/* SPDX-License-Identifier: MIT */
/* NULL in every place where a pointer goes (rule 30). */
#include "support.h"

// rule 30: as the very first calls of a thread
TEST(null_is_harmless_before_anything_else) {
  CHECK(gl_retain(NULL) == NULL);
  gl_release(NULL);
  CHECK(gl_state(NULL) == GL_DEAD);
  CHECK(gl_switch(NULL, NULL, NULL) == GL_EINVAL);
}

// rule 30
TEST(questions_about_null_have_answers) {
  gl_key key;
  CHECK(gl_key_new(&key, NULL) == GL_OK);
  CHECK(gl_parent(NULL) == NULL);
  CHECK(gl_state(NULL) == GL_DEAD);
  CHECK(gl_data(NULL) == NULL);
  gl_set_data(NULL, V(1));
  CHECK(gl_data(NULL) == NULL);
  CHECK(gl_name(NULL) != NULL && !strcmp(gl_name(NULL), ""));
  CHECK(gl_local(NULL, key) == NULL);
  CHECK(gl_local(NULL, UINT32_MAX) == NULL);
  gl_prefetch(NULL);
}

// rule 30
TEST(null_handles_are_kept_and_given_back) {
  CHECK(gl_retain(NULL) == NULL);
  gl_release(NULL);
  CHECK(gl_stack_retain(NULL) == NULL);
  gl_stack_release(NULL);
  gl_realm_release(NULL);
  CHECK(gl_realm_main(NULL) == NULL);
  CHECK(gl_realm_current(NULL) == NULL);
}

// rule 30
TEST(null_body_makes_nothing) {
  uint64_t created = stats().created;
  gl_options options = {.size = sizeof options, .run = never};
  gl_greenlet *g = V(9);
  CHECK(gl_new(NULL, V(1)) == NULL);
  CHECK(gl_new_with(NULL, &g) == GL_EINVAL);
  CHECK(gl_new_with(&options, NULL) == GL_EINVAL);
  CHECK(gl_new_with(NULL, NULL) == GL_EINVAL);
  CHECK(g == V(9));
  CHECK(stats().created == created);
}

// rule 30
TEST(null_target_is_EINVAL) {
  void *received = V(9);
  CHECK(gl_switch(NULL, V(1), &received) == GL_EINVAL);
  CHECK(gl_throw(NULL, V(1), &received) == GL_EINVAL);
  CHECK(gl_kill(NULL, &received) == GL_EINVAL);
  CHECK(received == V(9));
  CHECK(gl_switch(NULL, V(1), NULL) == GL_EINVAL);
  CHECK(gl_throw(NULL, V(1), NULL) == GL_EINVAL);
  CHECK(gl_kill(NULL, NULL) == GL_EINVAL);
}

// rule 30
TEST(null_parent_or_child_is_EINVAL) {
  gl_greenlet *g = gl_new(never, NULL);
  CHECK(gl_set_parent(NULL, g) == GL_EINVAL);
  CHECK(gl_set_parent(g, NULL) == GL_EINVAL);
  CHECK(gl_set_parent(NULL, NULL) == GL_EINVAL);
  CHECK(gl_set_parent(gl_main(), NULL) == GL_EINVAL);
  CHECK(gl_parent(g) == gl_main());
  gl_release(g);
  CHECK(all_gone());
}

// rule 30
TEST(null_callback_is_EINVAL) {
  CHECK(gl_hook_add(NULL, V(1)) == GL_EINVAL);
  CHECK(gl_hook_remove(NULL, V(1)) == GL_EINVAL);
  CHECK(gl_trace_add(NULL, V(1)) == GL_EINVAL);
  CHECK(gl_trace_remove(NULL, V(1)) == GL_EINVAL);
  CHECK(gl_foreach(NULL, V(1)) == GL_EINVAL);
}

// rule 30: NULL brings the default back
TEST(null_unhandled_and_cxx_runtime_are_fine) {
  gl_set_unhandled(NULL, V(1));
  gl_set_unhandled(NULL, NULL);
  gl_set_cxx_runtime(NULL);
  gl_greenlet *g = gl_new(identity, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
}

// rule 30
TEST(null_place_for_the_answer_is_EINVAL) {
  gl_key key;
  CHECK(gl_key_new(NULL, NULL) == GL_EINVAL);
  CHECK(gl_key_new(&key, NULL) == GL_OK);
  CHECK(gl_set_local(NULL, key, V(1)) == GL_EINVAL);
  CHECK(gl_get_stats(NULL) == GL_EINVAL);
  gl_greenlet *g = gl_new(echo, NULL);
  void *edge = V(9);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_stack_bounds(NULL, &edge, &edge) == GL_EINVAL);
  CHECK(gl_stack_bounds(g, NULL, &edge) == GL_EINVAL);
  CHECK(gl_stack_bounds(g, &edge, NULL) == GL_EINVAL);
  CHECK(edge == V(9));
  gl_release(g);
  CHECK(all_gone());
}

static int visit_none(void *user, gl_greenlet *g) {
  (void)user, (void)g;
  return 0;
}
static void trace_nothing(void *user, int event_code, gl_greenlet *from, gl_greenlet *to) {
  (void)user, (void)event_code, (void)from, (void)to;
}

// rules 30, 35: each argument by itself, and what would have been written is left alone
TEST(null_for_host_calls_is_EINVAL) {
  gl_realm *realm = gl_realm_new();
  gl_greenlet *main = gl_realm_main(realm), *g = NEW(.parent = main, .flags = GL_HOSTED);
  gl_delivery d = {V(1), 2, 3, V(4)};
  CHECK(gl_host_switch(NULL, g, NULL, &d) == GL_EINVAL);
  CHECK(gl_host_switch(realm, NULL, NULL, &d) == GL_EINVAL);
  CHECK(gl_host_switch(realm, g, NULL, NULL) == GL_EINVAL);
  CHECK(gl_host_throw(NULL, g, NULL, &d) == GL_EINVAL);
  CHECK(gl_host_throw(realm, NULL, NULL, &d) == GL_EINVAL);
  CHECK(gl_host_throw(realm, g, NULL, NULL) == GL_EINVAL);
  CHECK(gl_host_kill(NULL, g, &d) == GL_EINVAL);
  CHECK(gl_host_kill(realm, NULL, &d) == GL_EINVAL);
  CHECK(gl_host_kill(realm, g, NULL) == GL_EINVAL);
  CHECK(gl_host_end(NULL, GL_OK, NULL, &d) == GL_EINVAL);
  CHECK(gl_host_end(realm, GL_OK, NULL, NULL) == GL_EINVAL);
  CHECK(gl_host_next_orphan(NULL, &d) == GL_EINVAL);
  CHECK(gl_host_next_orphan(realm, NULL) == GL_EINVAL);
  CHECK(gl_realm_foreach(NULL, visit_none, NULL) == GL_EINVAL);
  CHECK(gl_realm_foreach(realm, NULL, NULL) == GL_EINVAL);
  CHECK(gl_realm_trace_add(NULL, trace_nothing, NULL) == GL_EINVAL);
  CHECK(gl_realm_trace_add(realm, NULL, NULL) == GL_EINVAL);
  CHECK(gl_realm_trace_remove(NULL, trace_nothing, NULL) == GL_EINVAL);
  CHECK(gl_realm_trace_remove(realm, NULL, NULL) == GL_EINVAL);
  CHECK(d.next == V(1) && d.status == 2 && d.start == 3 && d.value == V(4));
  CHECK(gl_state(g) == GL_UNSTARTED);
  CHECK(gl_realm_current(realm) == main);
  gl_release(g);
  gl_realm_release(realm);
  CHECK(all_gone());
}
