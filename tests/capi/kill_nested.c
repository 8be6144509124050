/* SPDX-License-Identifier: MIT */
/* Several kills of one greenlet at a time, and kills within kills (rule 13). */
#include "victim.h"

enum { callers = 3 };
static const int orders[6][callers] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

/* Goes to main whenever it is killed; ends when it is switched to. */
BODY(stubborn) {
  gl_status status = GL_OK;
  do status = gl_switch(gl_main(), V(1), &value);
  while (status == GL_KILLED);
  *result = value;
  return (gl_status)(intptr_t)data;
}

static gl_greenlet *prey, *hunters[callers];
/* The prey is killed by three who wait, the last one innermost. Events are forgotten. */
static void hunt(gl_greenlet *parent, gl_status outcome) {
  prey = child_of(parent, stubborn, V(outcome));
  CHECK(gl_switch(prey, NULL, NULL) == GL_OK);
  for (int i = 0; i < callers; i++) {
    hunters[i] = gl_new(killer, prey);
    CHECK(gl_switch(hunters[i], NULL, NULL) == GL_OK);
    CHECK(gl_state(hunters[i]) == GL_SUSPENDED);
    CHECK(gl_parent(prey) == hunters[i]);
  }
  CHECK(happened(""));
}
static void end_hunt(void) {
  if (gl_state(prey) != GL_DEAD) CHECK(gl_switch(prey, NULL, NULL) == GL_OK);
  CHECK(gl_state(prey) == GL_DEAD);
  gl_release(prey);
  for (int i = 0; i < callers; i++) gl_release(hunters[i]);
  events[0] = 0;
  CHECK(all_gone());
}
/* The innermost of those that have not come back yet. */
static gl_greenlet *innermost(const bool *back, gl_greenlet *real) {
  for (int i = callers - 1; i >= 0; i--)
    if (!back[i]) return hunters[i];
  return real;
}

// rule 13: in whatever order third parties bring the callers back
TEST(parent_is_the_innermost_caller_that_waits) {
  for (int o = 0; o < 6; o++) {
    gl_greenlet *real = waiting(echo, NULL);
    bool back[callers] = {false};
    hunt(real, GL_KILLED);
    gl_release(real); /* the prey holds it, though another is shown */
    for (int i = 0; i < callers; i++) {
      CHECK(gl_switch(hunters[orders[o][i]], V(5), NULL) == GL_OK);
      CHECK(happened("kill GL_ALIVE 5"));
      back[orders[o][i]] = true;
      CHECK(gl_parent(prey) == innermost(back, real));
    }
    CHECK(gl_state(prey) == GL_SUSPENDED);
    end_hunt();
  }
}

// rule 13: the same by throws and kills
TEST(caller_may_come_back_by_throw_or_kill) {
  for (int o = 0; o < 6; o++) {
    bool back[callers] = {false};
    hunt(gl_main(), GL_KILLED);
    for (int i = 0; i < callers; i++) {
      gl_greenlet *hunter = hunters[orders[o][i]];
      if (i % 2) {
        CHECK(gl_throw(hunter, V(5), NULL) == GL_OK);
        CHECK(happened("kill GL_THROWN 5"));
      } else {
        CHECK(gl_kill(hunter, NULL) == GL_OK);
        CHECK(happened("kill GL_KILLED 0"));
      }
      back[orders[o][i]] = true;
      CHECK(gl_parent(prey) == innermost(back, gl_main()));
    }
    end_hunt();
  }
}

// rule 13: the innermost gets the outcome; whoever still waits is then the parent shown, and its call says GL_OK
TEST(callers_that_remain_get_what_a_dead_victim_is_sent) {
  hunt(gl_main(), GL_KILLED);
  CHECK(gl_switch(prey, V(4), NULL) == GL_OK);
  CHECK(happened("kill GL_OK 4"));
  CHECK(gl_state(prey) == GL_DEAD);
  CHECK(gl_parent(prey) == hunters[1]);
  CHECK(gl_switch(prey, V(5), NULL) == GL_OK); /* rule 8 */
  CHECK(happened("kill GL_OK 5"));
  CHECK(gl_parent(prey) == hunters[0]);
  CHECK(gl_throw(prey, V(6), NULL) == GL_OK); /* rule 12 */
  CHECK(happened("kill GL_THROWN 6"));
  CHECK(gl_parent(prey) == gl_main());
  void *received = NULL;
  CHECK(gl_switch(prey, V(7), &received) == GL_OK);
  CHECK(received == V(7));
  end_hunt();
}

// rule 13: a dead victim was killed, whoever tells and in whatever order
TEST(caller_that_comes_back_after_the_death_says_ok) {
  for (int o = 0; o < 6; o++) {
    bool back[callers] = {false, false, true};
    hunt(gl_main(), GL_THROWN);
    CHECK(gl_switch(prey, V(4), NULL) == GL_OK);
    CHECK(happened("kill GL_THROWN 4"));
    for (int i = 0; i < callers; i++) {
      int caller = orders[o][i];
      if (back[caller]) continue;
      CHECK(gl_switch(hunters[caller], V(5), NULL) == GL_OK);
      CHECK(happened("kill GL_OK 5"));
      back[caller] = true;
      CHECK(gl_parent(prey) == innermost(back, gl_main()));
    }
    end_hunt();
  }
}

// rules 4, 13: a remaining caller inherits from the dead victim's children
TEST(child_of_a_dead_victim_ends_with_the_remaining_caller) {
  hunt(gl_main(), GL_KILLED);
  gl_greenlet *child = child_of(prey, identity, NULL);
  CHECK(gl_switch(prey, V(4), NULL) == GL_OK);
  CHECK(happened("kill GL_OK 4"));
  CHECK(gl_switch(child, V(5), NULL) == GL_OK);
  CHECK(happened("kill GL_OK 5"));
  CHECK(gl_parent(prey) == hunters[0]);
  gl_release(child);
  end_hunt();
}

// rule 13: gl_set_parent sets the real one, which shows when the last kill has ended
TEST(parent_set_during_kills_shows_afterwards) {
  for (int o = 0; o < 6; o++) {
    gl_greenlet *real = gl_new(echo, NULL);
    bool back[callers] = {false};
    hunt(gl_main(), GL_KILLED);
    CHECK(gl_set_parent(prey, real) == GL_OK);
    CHECK(gl_parent(prey) == hunters[2]);
    for (int i = 0; i < callers; i++) {
      CHECK(gl_switch(hunters[orders[o][i]], NULL, NULL) == GL_OK);
      back[orders[o][i]] = true;
      CHECK(gl_parent(prey) == innermost(back, real));
    }
    void *received = NULL;
    CHECK(gl_switch(prey, V(3), &received) == GL_OK); /* the unstarted echo gives it to main */
    CHECK(received == V(3));
    CHECK(gl_state(real) == GL_SUSPENDED);
    gl_release(real); /* the dead prey still holds it */
    end_hunt();
  }
}

// rules 13, 21: the call that remains does not need the victim's handle
TEST(outer_caller_may_come_back_after_the_victim_is_released) {
  hunt(gl_main(), GL_KILLED);
  CHECK(gl_switch(prey, V(4), NULL) == GL_OK);
  CHECK(happened("kill GL_OK 4"));
  gl_release(prey);
  CHECK(gl_switch(hunters[0], V(5), NULL) == GL_OK);
  CHECK(happened("kill GL_OK 5"));
  CHECK(gl_switch(hunters[1], V(6), NULL) == GL_OK);
  CHECK(happened("kill GL_OK 6"));
  for (int i = 0; i < callers; i++) gl_release(hunters[i]);
  CHECK(all_gone());
}

static gl_greenlet *chain[5];
static void kill_the_next(int i) {
  void *value = NULL;
  gl_status status = gl_kill(chain[i], &value);
  event("kill%d %s %d", i, gl_status_name(status), (int)(intptr_t)value);
}
/* When killed, kills the next of the chain; the last one goes to main first. */
BODY(link) {
  int i = (int)(intptr_t)data;
  gl_status status = to_parent(NULL, NULL);
  event("%d %s", i, gl_status_name(status));
  if (i < 4) kill_the_next(i + 1);
  else gl_switch(gl_main(), V(9), NULL);
  *result = V(i * 10);
  return GL_KILLED;
}
BODY(kill_the_first) {
  kill_the_next(0);
  return GL_OK;
}

// rule 13: five deep
TEST(kills_nest_in_the_cleanup_of_victims) {
  for (int i = 0; i < 5; i++) chain[i] = waiting(link, V(i));
  gl_greenlet *first = gl_new(kill_the_first, NULL);
  void *received = NULL;
  CHECK(gl_switch(first, NULL, &received) == GL_OK);
  CHECK(received == V(9));
  CHECK(happened("0 GL_KILLED 1 GL_KILLED 2 GL_KILLED 3 GL_KILLED 4 GL_KILLED"));
  CHECK(gl_parent(chain[0]) == first);
  for (int i = 1; i < 5; i++) CHECK(gl_parent(chain[i]) == chain[i - 1]);
  CHECK(gl_switch(chain[4], NULL, NULL) == GL_OK);
  CHECK(happened("kill4 GL_OK 40 kill3 GL_OK 30 kill2 GL_OK 20 kill1 GL_OK 10 kill0 GL_OK 0"));
  for (int i = 0; i < 5; i++) {
    CHECK(gl_parent(chain[i]) == gl_main());
    CHECK(gl_state(chain[i]) == GL_DEAD);
    gl_release(chain[i]);
  }
  gl_release(first);
  CHECK(all_gone());
}

// rule 13: one that waits for its own victim is itself killed; its kill is over, the outer ones are not
TEST(caller_is_killed_while_it_kills) {
  for (int i = 0; i < 5; i++) chain[i] = waiting(link, V(i));
  gl_greenlet *first = gl_new(kill_the_first, NULL);
  CHECK(gl_switch(first, NULL, NULL) == GL_OK);
  events[0] = 0;
  void *received = NULL;
  CHECK(gl_kill(chain[2], &received) == GL_OK); /* the innermost caller gets the outcome */
  CHECK(received == V(20));
  CHECK(happened("kill3 GL_KILLED 0"));
  CHECK(gl_parent(chain[3]) == gl_main());
  CHECK(gl_parent(chain[2]) == chain[1]); /* who still waits for it */
  CHECK(gl_switch(chain[2], V(7), NULL) == GL_OK);
  CHECK(happened("kill2 GL_OK 7 kill1 GL_OK 10 kill0 GL_OK 0"));
  CHECK(gl_state(chain[3]) == GL_SUSPENDED && gl_state(chain[4]) == GL_SUSPENDED);
  CHECK(gl_switch(chain[4], NULL, &received) == GL_OK); /* chain[3] still waits for it */
  CHECK(received == V(30));
  CHECK(happened("kill4 GL_OK 40"));
  for (int i = 0; i < 5; i++) gl_release(chain[i]);
  gl_release(first);
  CHECK(all_gone());
}

static gl_greenlet *inner;
static void start_the_inner_killer(void) {
  void *value = NULL;
  gl_status status = gl_switch(inner, NULL, &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
}

// rule 13: the victim starts somebody who kills it
TEST(victim_is_killed_again_by_whom_it_starts) {
  gl_greenlet *g = waiting(victim, &(struct victim){start_the_inner_killer, GL_KILLED, V(3)});
  inner = child_of(gl_main(), killer, g); /* as a child of g it would kill an ancestor */
  void *received = NULL;
  CHECK(gl_kill(g, &received) == GL_OK);
  CHECK(received == V(3)); /* the inner killer had it first, and brought it here */
  CHECK(happened("GL_KILLED 0 GL_KILLED 0 kill GL_OK 3"));
  CHECK(gl_state(g) == GL_DEAD);
  CHECK(gl_parent(g) == gl_main());
  gl_release(g), gl_release(inner);
  CHECK(all_gone());
}

// rules 13, 22: the victim holds its caller for as long as it is its parent
TEST(caller_without_handles_waits_for_its_victim) {
  prey = waiting(stubborn, V(GL_KILLED));
  gl_greenlet *hunter = gl_new(killer, prey);
  CHECK(gl_switch(hunter, NULL, NULL) == GL_OK);
  gl_release(hunter);
  CHECK(happened(""));
  CHECK(gl_parent(prey) == hunter);
  CHECK(gl_state(hunter) == GL_SUSPENDED);
  void *received = NULL;
  CHECK(gl_switch(prey, V(4), &received) == GL_OK);
  CHECK(received == V(4));
  CHECK(happened("kill GL_OK 4"));
  gl_release(prey);
  CHECK(all_gone()); /* the killer was killed as it left for main (rule 22) */
}

// rules 13, 16: the real parent is held while another is shown
TEST(real_parent_without_handles_outlasts_the_kill) {
  gl_greenlet *real = waiting(victim, &(struct victim){NULL, GL_KILLED, NULL});
  hunt(real, GL_KILLED);
  gl_release(real);
  CHECK(happened(""));
  for (int i = 0; i < callers; i++) CHECK(gl_switch(hunters[i], NULL, NULL) == GL_OK);
  CHECK(gl_parent(prey) == real);
  CHECK(happened("kill GL_ALIVE 0 kill GL_ALIVE 0 kill GL_ALIVE 0"));
  CHECK(gl_switch(prey, V(2), NULL) == GL_OK);
  CHECK(happened("GL_OK 2"));
  end_hunt();
}

enum { deep = 1000 };
static gl_greenlet *long_chain[deep];
BODY(kill_the_next_in_turn) {
  intptr_t i = (intptr_t)data;
  gl_switch(gl_main(), NULL, NULL);
  *result = V(1);
  if (i + 1 < deep) {
    CHECK(gl_kill(long_chain[i + 1], &value) == GL_OK);
    *result = V((intptr_t)value + 1);
  }
  return GL_KILLED;
}

// rule 13: a thousand deep
TEST(thousand_kills_nest) {
  for (intptr_t i = 0; i < deep; i++) {
    long_chain[i] = gl_new(kill_the_next_in_turn, V(i));
    CHECK(gl_switch(long_chain[i], NULL, NULL) == GL_OK);
  }
  void *received = NULL;
  CHECK(gl_kill(long_chain[0], &received) == GL_OK);
  CHECK(received == V(deep));
  for (int i = 0; i < deep; i++) gl_release(long_chain[i]);
  CHECK(all_gone());
}

// rule 13: a thousand callers wait for one victim, and come back outermost first
TEST(thousand_callers_wait_for_one_victim) {
  prey = waiting(stubborn, V(GL_KILLED));
  for (int i = 0; i < deep; i++) {
    long_chain[i] = gl_new(killer, prey);
    CHECK(gl_switch(long_chain[i], NULL, NULL) == GL_OK);
  }
  for (int i = 0; i < deep; i++) {
    CHECK(gl_parent(prey) == long_chain[deep - 1]);
    CHECK(gl_switch(long_chain[i], NULL, NULL) == GL_OK);
    CHECK(happened("kill GL_ALIVE 0"));
  }
  CHECK(gl_parent(prey) == gl_main());
  CHECK(gl_switch(prey, NULL, NULL) == GL_OK);
  gl_release(prey);
  for (int i = 0; i < deep; i++) gl_release(long_chain[i]);
  CHECK(all_gone());
}
