/* SPDX-License-Identifier: MIT */
/* What comes back while the library itself waits for a kill (rule 14), here because a last handle went (rule 21). */
#include "victim.h"

static gl_greenlet *released;

static void note_unhandled(void *user, gl_greenlet *g, void *payload) {
  CHECK(g == released);
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_EBUSY);
  event("unhandled %d %d", (int)(intptr_t)user, (int)(intptr_t)payload);
}
/* Started; its results are noted. */
static gl_greenlet *doomed(const struct victim *plan) {
  gl_greenlet *g = NEW(.run = victim, .data = (void *)plan, .drop_result = note_result);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  return released = g;
}

// rule 14: whether it says GL_KILLED or GL_OK
TEST(result_that_nobody_waits_for_is_dropped) {
  static const gl_status outcomes[] = {GL_KILLED, GL_OK};
  for (int i = 0; i < 2; i++) {
    gl_release(doomed(&(struct victim){NULL, outcomes[i], V(5)}));
    CHECK(happened("GL_KILLED 0 result 5"));
  }
  CHECK(all_gone());
}

// rule 14
TEST(null_result_is_not_dropped) {
  gl_release(doomed(&(struct victim){NULL, GL_KILLED, NULL}));
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

// rule 14
TEST(result_is_forgotten_without_drop_result) {
  gl_release(waiting(victim, &(struct victim){NULL, GL_OK, V(5)}));
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

// rules 13, 14: a kill by hand has a caller who waits for the result
TEST(result_of_an_ordinary_kill_is_not_dropped) {
  gl_greenlet *g = doomed(&(struct victim){NULL, GL_OK, V(5)});
  void *received = NULL;
  CHECK(gl_kill(g, &received) == GL_OK);
  CHECK(received == V(5));
  gl_release(g);
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

// rule 14: also NULL, and what counts as a throw
TEST(payload_that_nobody_waits_for_is_unhandled) {
  gl_set_unhandled(note_unhandled, V(3));
  gl_release(doomed(&(struct victim){NULL, GL_THROWN, V(5)}));
  CHECK(happened("GL_KILLED 0 unhandled 3 5"));
  gl_release(doomed(&(struct victim){NULL, GL_THROWN, NULL}));
  CHECK(happened("GL_KILLED 0 unhandled 3 0"));
  gl_release(doomed(&(struct victim){NULL, 77, V(6)}));
  CHECK(happened("GL_KILLED 0 unhandled 3 6"));
  gl_set_unhandled(NULL, NULL);
  CHECK(all_gone());
}

static gl_greenlet *kept;
static void keep(void *user, gl_greenlet *g, void *payload) {
  (void)user, (void)payload;
  CHECK(gl_state(g) == GL_DEAD);
  CHECK(!strcmp(gl_name(g), "thrower"));
  kept = gl_retain(g);
}

// rules 14, 26: it may be kept from inside, and is then not freed
TEST(unhandled_function_may_keep_the_greenlet) {
  gl_greenlet *g = NEW(.run = victim, .data = &(struct victim){NULL, GL_THROWN, V(5)}, .name = "thrower");
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_set_unhandled(keep, NULL);
  gl_release(g);
  gl_set_unhandled(NULL, NULL);
  CHECK(kept == g);
  CHECK(gl_state(kept) == GL_DEAD);
  CHECK(!strcmp(gl_name(kept), "thrower"));
  gl_release(kept);
  events[0] = 0;
  CHECK(all_gone());
}

static void give_seven_quietly(void) { to_parent(V(7), NULL); }

// rules 14, 21: a value that comes from a victim that lives on
TEST(value_of_a_victim_that_goes_on_is_dropped) {
  gl_greenlet *g = doomed(&(struct victim){give_seven_quietly, GL_OK, NULL});
  uint64_t leaked = stats().leaked;
  gl_release(g);
  CHECK(happened("GL_KILLED 0 result 7"));
  CHECK(stats().leaked == leaked + 1);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(all_gone());
}

static void go_to_main(void) { gl_switch(gl_main(), NULL, NULL); }

/* Releases the doomed one, then does what the test says. */
static gl_greenlet *waiter, *bystander, *echoing;
static void (*then)(void);
BODY(release_and_go_on) {
  gl_release(released);
  event("released");
  if (then) then();
  *result = V(4);
  return GL_OK;
}
/* The waiter waits in gl_release for one that has gone to main. */
static void wait_in_release(void (*go_on)(void)) {
  static const struct victim plan = {go_to_main, GL_OK, NULL};
  doomed(&plan);
  waiter = gl_new(release_and_go_on, NULL), bystander = gl_new(never, NULL), then = go_on;
  CHECK(gl_switch(waiter, NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0"));
  CHECK(gl_parent(released) == waiter);
  echoing = gl_new(echo, NULL);
  warm_up(echoing);
  CHECK(gl_state(waiter) == GL_SUSPENDED);
}
/* Ends the one that was leaked. */
static void clean_up(void) {
  CHECK(gl_parent(released) == gl_main());
  CHECK(gl_state(released) == GL_SUSPENDED);
  CHECK(gl_switch(released, NULL, NULL) == GL_OK);
  CHECK(gl_state(bystander) == GL_UNSTARTED && gl_state(echoing) == GL_SUSPENDED);
  gl_release(waiter), gl_release(bystander), gl_release(echoing);
  CHECK(all_gone());
}

// rules 14, 21: a third party's value ends the wait, and the victim is leaked
TEST(value_of_a_third_party_is_dropped) {
  uint64_t leaked = stats().leaked;
  void *received = NULL;
  wait_in_release(NULL);
  CHECK(gl_switch(waiter, V(5), &received) == GL_OK);
  CHECK(received == V(4));
  CHECK(happened("result 5 released"));
  CHECK(stats().leaked == leaked + 1);
  clean_up();
}

// rules 14, 21: a third party's payload is told as the victim's
TEST(payload_of_a_third_party_is_unhandled) {
  uint64_t leaked = stats().leaked;
  wait_in_release(NULL);
  gl_set_unhandled(note_unhandled, V(3));
  CHECK(gl_throw(waiter, V(5), NULL) == GL_OK);
  gl_set_unhandled(NULL, NULL);
  CHECK(happened("unhandled 3 5 released"));
  CHECK(stats().leaked == leaked + 1);
  clean_up();
}

// rule 14: a caller that ends without a call is not told
TEST(kill_of_one_that_waits_and_then_ends_is_over) {
  uint64_t leaked = stats().leaked;
  void *received = NULL;
  wait_in_release(NULL);
  CHECK(gl_kill(waiter, &received) == GL_OK);
  CHECK(received == V(4));
  CHECK(gl_state(waiter) == GL_DEAD);
  CHECK(happened("released"));
  CHECK(stats().leaked == leaked + 1);
  clean_up();
}

static void note_call(gl_status status, void *received) { event("%s %d", gl_status_name(status), (int)(intptr_t)received); }
static void switch_twice(void) {
  for (int i = 0; i < 2; i++) {
    void *received = V(9);
    gl_status status = gl_switch(gl_main(), V(2), &received);
    note_call(status, received);
  }
}

// rules 13, 14: at once, and once
TEST(kept_kill_is_returned_by_the_next_call) {
  void *received = NULL;
  wait_in_release(switch_twice);
  CHECK(gl_kill(waiter, &received) == GL_ALIVE); /* its second switch is a real one */
  CHECK(received == V(2));
  CHECK(happened("released GL_KILLED 0"));
  CHECK(gl_parent(waiter) == gl_main());
  CHECK(gl_switch(waiter, V(3), NULL) == GL_OK);
  CHECK(happened("GL_OK 3"));
  clean_up();
}

static void throw_at_the_bystander(void) {
  void *received = V(9);
  gl_status status = gl_throw(bystander, V(2), &received);
  note_call(status, received);
}
static void kill_the_bystander(void) {
  void *received = V(9);
  gl_status status = gl_kill(bystander, &received);
  note_call(status, received);
}
static void start_the_bystander(void) {
  void *received = V(9);
  gl_status status = gl_switch(bystander, V(2), &received);
  note_call(status, received);
}
static void switch_to_oneself(void) {
  void *received = V(9);
  gl_status status = gl_switch(gl_current(), V(2), &received);
  note_call(status, received);
}
static void switch_to_the_echoing(void) {
  void *received = V(9);
  gl_status status = gl_switch(echoing, V(2), &received);
  note_call(status, received);
}
static void throw_at_the_echoing(void) {
  void *received = V(9);
  gl_status status = gl_throw(echoing, V(2), &received);
  note_call(status, received);
}
static void throw_at_oneself_without_received(void) {
  gl_status status = gl_throw(gl_current(), V(2), NULL);
  note_call(status, NULL);
}

// rule 14: whichever call it is; its target is left alone
TEST(kept_kill_comes_before_what_was_asked_for) {
  void (*calls[])(void) = {switch_to_the_echoing, throw_at_the_echoing, throw_at_the_bystander,           kill_the_bystander,
                           start_the_bystander,   switch_to_oneself,    throw_at_oneself_without_received};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    void *received = NULL;
    wait_in_release(calls[i]);
    CHECK(gl_kill(waiter, &received) == GL_OK);
    CHECK(received == V(4));
    CHECK(happened("released GL_KILLED 0"));
    clean_up();
  }
}

static void call_otherwise_then_switch(void) {
  void *received = V(9);
  CHECK(gl_switch(NULL, V(2), &received) == GL_EINVAL);
  CHECK(gl_throw(NULL, V(2), &received) == GL_EINVAL);
  CHECK(gl_kill(gl_main(), &received) == GL_EINVAL);
  CHECK(gl_kill(gl_current(), &received) == GL_EINVAL);
  CHECK(received == V(9));
  gl_greenlet *g = gl_new(never, NULL);
  CHECK(gl_set_parent(g, gl_main()) == GL_OK);
  gl_release(g);
  CHECK(gl_state(gl_current()) == GL_RUNNING);
  switch_to_the_echoing();
  switch_to_oneself();
}

// rules 9, 14: failed calls leave it, and so do calls that switch to nobody
TEST(kept_kill_outlasts_failed_calls) {
  wait_in_release(call_otherwise_then_switch);
  CHECK(gl_kill(waiter, NULL) == GL_OK);
  CHECK(happened("released GL_KILLED 0 GL_OK 2"));
  clean_up();
}

static gl_greenlet *obedient;
static void release_the_obedient(void) {
  gl_release(obedient);
  event("gone");
  switch_to_the_echoing();
}

// rule 14: the library's own waits do not return it
TEST(kept_kill_outlasts_another_kill_by_the_library) {
  static const struct victim plan = {NULL, GL_KILLED, V(6)};
  obedient = NEW(.run = victim, .data = (void *)&plan, .drop_result = note_result);
  CHECK(gl_switch(obedient, NULL, NULL) == GL_OK);
  wait_in_release(release_the_obedient);
  CHECK(gl_kill(waiter, NULL) == GL_OK);
  CHECK(happened("released GL_KILLED 0 result 6 gone GL_KILLED 0"));
  clean_up();
}

static gl_greenlet *queue[2];
static void release_both(void *data) {
  (void)data;
  gl_release(queue[0]), gl_release(queue[1]);
}
BODY(drain_and_switch) {
  gl_release(NEW(.run = never, .drop = release_both));
  gl_status status = gl_switch(echoing, V(2), &value); /* drains; meanwhile this one is killed */
  event("answer %s %d", gl_status_name(status), (int)(intptr_t)value);
  status = gl_switch(echoing, V(3), &value); /* goes on to main */
  return status;
}

// rules 14, 18: the call that drains the queue answers the kill that came meanwhile, whether others of the queue are killed before or after
TEST(kill_that_comes_while_a_call_drains_the_queue_is_its_answer) {
  static const struct victim leaves = {go_to_main, GL_OK, NULL}, obeys = {NULL, GL_KILLED, V(6)};
  for (int first = 0; first < 2; first++) {
    obedient = NEW(.run = victim, .data = (void *)&obeys, .drop_result = note_result);
    CHECK(gl_switch(obedient, NULL, NULL) == GL_OK);
    queue[first] = obedient, queue[!first] = doomed(&leaves);
    echoing = gl_new(echo, NULL), waiter = gl_new(drain_and_switch, NULL), bystander = gl_new(never, NULL);
    warm_up(echoing);
    CHECK(gl_switch(waiter, NULL, NULL) == GL_OK);
    CHECK(gl_parent(released) == waiter);
    CHECK(strstr(events, "answer") == NULL);
    warm_up(echoing);
    void *received = NULL;
    CHECK(gl_kill(waiter, &received) == GL_ALIVE);
    CHECK(received == V(3));
    CHECK(strstr(events, "result 6") != NULL);
    CHECK(strstr(events, "answer GL_KILLED 0") != NULL);
    CHECK(gl_switch(waiter, NULL, NULL) == GL_OK);
    events[0] = 0;
    clean_up();
  }
}
