/* SPDX-License-Identifier: MIT */
/* Rules 15 and 17: unstarted children change threads, their descendants stay, and outcomes skip ancestors of another thread. */
#include "partner.h"

static struct partner other;
static gl_greenlet *foreign_main;
static void note_main(UNUSED void *arg) { foreign_main = gl_main(); }
static void other_starts(void) { partner_start(&other), partner_do(&other, note_main, NULL); }

BODY(tells_its_main) {
  *result = gl_main();
  return GL_OK;
}

// rule 15: its owner gives an unstarted greenlet to another thread, which runs it and gets its outcome
TEST(owner_moves_an_unstarted_child_away) {
  other_starts();
  gl_greenlet *g = new_private(tells_its_main, NULL);
  void *received = NULL;
  CHECK(gl_set_parent(g, foreign_main) == GL_OK);
  CHECK(gl_parent(g) == foreign_main && gl_state(g) == GL_UNSTARTED);
  CHECK(gl_switch(g, NULL, &received) == GL_ETHREAD && gl_throw(g, NULL, &received) == GL_ETHREAD && gl_kill(g, &received) == GL_ETHREAD);
  CHECK(partner_switch(&other, g, NULL, &received) == GL_OK && received == foreign_main);
  gl_release(g), partner_end(&other);
  CHECK(all_gone());
}

// rule 15: the new owner fetches an unstarted greenlet of another thread
TEST(new_owner_fetches_an_unstarted_child) {
  other_starts();
  gl_greenlet *g = new_private(tells_its_main, NULL);
  void *received = NULL;
  CHECK(partner_set_parent(&other, g, foreign_main) == GL_OK);
  CHECK(gl_switch(g, NULL, NULL) == GL_ETHREAD);
  CHECK(partner_switch(&other, g, NULL, &received) == GL_OK && received == foreign_main);
  gl_release(g), partner_end(&other);
  CHECK(all_gone());
}

// rule 15: any state of the new parent will do, and it may come back
TEST(unstarted_children_move_to_and_fro) {
  struct family foreign;
  partner_start(&other), partner_do(&other, make_family, &foreign);
  gl_greenlet *g = gl_new(identity, NULL), *parents[] = {foreign.main, foreign.unstarted, foreign.suspended, foreign.dead};
  for (int i = 0; i < 4; i++) {
    CHECK(gl_set_parent(g, parents[i]) == GL_OK && gl_switch(g, NULL, NULL) == GL_ETHREAD);
    CHECK(gl_set_parent(g, gl_main()) == GL_OK);
  }
  void *received = NULL;
  CHECK(gl_switch(g, V(4), &received) == GL_OK && received == V(4));
  gl_release(g);
  partner_do(&other, release_family, &foreign), partner_end(&other);
  CHECK(all_gone());
}

// rules 15, 29: a move neither creates nor ends, whichever thread counts
TEST(moves_keep_the_statistics) {
  other_starts();
  gl_greenlet *g = new_private(identity, NULL);
  gl_stats before = stats();
  gl_set_parent(g, foreign_main);
  CHECK(stats().created == before.created && stats().alive == before.alive);
  partner_switch(&other, g, NULL, NULL);
  partner_end(&other);
  CHECK(stats().created == before.created && stats().alive == before.alive - 1);
  gl_release(g);
  CHECK(all_gone());
}

// rules 15, 19: the moved one ends with its new thread
TEST(moved_children_expire_with_their_new_thread) {
  other_starts();
  gl_greenlet *g = NEW(.run = never, .data = V(1), .drop = note_drop);
  gl_set_parent(g, foreign_main);
  CHECK(happened(""));
  partner_end(&other);
  CHECK(happened("drop 1") && gl_state(g) == GL_DEAD && gl_switch(g, NULL, NULL) == GL_EEXPIRED);
  gl_release(g);
  CHECK(all_gone());
}

// rules 15, 19: ... and survives its old one
TEST(moved_children_survive_their_old_thread) {
  other_starts();
  gl_greenlet *g = partner_new_private(&other, identity);
  CHECK(gl_set_parent(g, gl_main()) == GL_OK);
  partner_end(&other);
  void *received = NULL;
  CHECK(gl_state(g) == GL_UNSTARTED && gl_switch(g, V(2), &received) == GL_OK && received == V(2));
  gl_release(g);
  CHECK(all_gone());
}

/* `child` of this thread under `moved`, which belongs to the other one. */
static gl_greenlet *moved;
static gl_greenlet *stranded(gl_run run, void *data) {
  moved = new_private(echo, NULL);
  gl_greenlet *child = child_of(moved, run, data);
  CHECK(gl_set_parent(moved, foreign_main) == GL_OK);
  return child;
}
static void stranded_ends(gl_greenlet *child) {
  gl_release(child), partner_release(&other, moved), partner_end(&other);
  gl_switch(gl_current(), NULL, NULL); /* kills those of this thread that the other one released */
  CHECK(all_gone());
}

// rule 15: descendants do not move with an ancestor
TEST(descendants_of_a_moved_child_stay) {
  other_starts();
  gl_greenlet *child = stranded(identity, NULL);
  CHECK(gl_parent(child) == moved);
  CHECK(partner_switch(&other, child, NULL, NULL) == GL_ETHREAD);
  CHECK(gl_switch(moved, NULL, NULL) == GL_ETHREAD);
  CHECK(gl_switch(child, NULL, NULL) == GL_OK && gl_state(moved) == GL_UNSTARTED);
  stranded_ends(child);
}

// rule 17: a value skips an unstarted ancestor of another thread
TEST(value_skips_a_foreign_ancestor) {
  other_starts();
  gl_greenlet *child = stranded(identity, NULL);
  void *received = NULL;
  CHECK(gl_switch(child, V(5), &received) == GL_OK && received == V(5));
  CHECK(gl_state(moved) == GL_UNSTARTED && gl_parent(child) == moved);
  stranded_ends(child);
}

BODY(throws_its_value) {
  *result = value;
  return GL_THROWN;
}
// rule 17: so does what it throws
TEST(outcome_thrown_skips_a_foreign_ancestor) {
  other_starts();
  gl_greenlet *child = stranded(throws_its_value, NULL);
  void *received = NULL;
  CHECK(gl_switch(child, V(6), &received) == GL_THROWN && received == V(6) && gl_state(moved) == GL_UNSTARTED);
  stranded_ends(child);
}

// rules 8, 12, 17: what is sent to a dead or unstarted one goes on the same way
TEST(forwarding_skips_a_foreign_ancestor) {
  other_starts();
  gl_greenlet *child = stranded(never, NULL);
  void *received = NULL;
  CHECK(gl_throw(child, V(7), &received) == GL_THROWN && received == V(7) && gl_state(child) == GL_DEAD);
  CHECK(gl_switch(child, V(8), &received) == GL_OK && received == V(8));
  CHECK(gl_throw(child, V(9), &received) == GL_THROWN && received == V(9));
  CHECK(gl_state(moved) == GL_UNSTARTED);
  stranded_ends(child);
}

// rule 17: a suspended ancestor of another thread is skipped as well, and one whose thread has ended
TEST(outcome_skips_suspended_and_expired_ancestors) {
  other_starts();
  gl_greenlet *first = stranded(identity, NULL), *second = child_of(NULL, identity, NULL);
  partner_switch(&other, moved, NULL, NULL);
  gl_set_parent(second, first);
  void *received = NULL;
  CHECK(gl_switch(first, V(1), &received) == GL_OK && received == V(1) && gl_state(moved) == GL_SUSPENDED);
  partner_release(&other, moved), partner_end(&other);
  CHECK(gl_switch(second, V(2), &received) == GL_OK && received == V(2));
  gl_release(second), gl_release(first);
  CHECK(all_gone());
}

// rule 17: beyond the foreign ancestor the own ones count again: here the outcome starts one
TEST(outcome_finds_own_ancestors_beyond_foreign_ones) {
  other_starts();
  gl_greenlet *above = partner_new_private(&other, echo);
  gl_greenlet *g = stranded(identity, NULL); /* g (here) -> moved (there) */
  CHECK(partner_set_parent(&other, moved, above) == GL_OK);
  CHECK(gl_set_parent(above, gl_main()) == GL_OK); /* -> above (here) -> main */
  void *received = NULL;
  CHECK(gl_switch(g, V(3), &received) == GL_OK && received == V(3));
  CHECK(gl_state(above) == GL_SUSPENDED && gl_state(moved) == GL_UNSTARTED);
  gl_release(above);
  stranded_ends(g);
}

// rules 15, 17: a cycle that leads through another thread is refused as a cycle, before the thread matters
TEST(set_parent_in_a_circle_over_threads_is_ECYCLE) {
  other_starts();
  gl_greenlet *own = gl_new(echo, NULL);
  gl_switch(own, NULL, NULL);
  gl_greenlet *between = partner_new(&other, NULL, never, NULL), *below = partner_new(&other, between, never, NULL);
  CHECK(gl_set_parent(between, own) == GL_OK); /* below (there) -> between (here) -> own */
  CHECK(partner_switch(&other, between, NULL, NULL) == GL_ETHREAD);
  CHECK(gl_set_parent(own, below) == GL_ECYCLE);
  CHECK(gl_set_parent(between, below) == GL_ECYCLE);
  CHECK(gl_parent(own) == gl_main());
  partner_end(&other);
  CHECK(gl_set_parent(own, below) == GL_EEXPIRED); /* looked at before the cycle */
  gl_release(below), gl_release(between), gl_release(own);
  CHECK(all_gone());
}

// rules 16, 18: the last handle of a suspended parent of another thread goes with its child here, and its owner kills it
TEST(last_child_here_releases_a_parent_there) {
  other_starts();
  gl_greenlet *child = stranded(never, NULL);
  CHECK(partner_switch(&other, moved, NULL, NULL) == GL_OK);
  partner_release(&other, moved); /* the child's handle is the last */
  uint64_t alive = stats().alive;
  gl_release(child);
  CHECK(stats().alive == alive - 1);
  partner_switch(&other, foreign_main, NULL, NULL);
  CHECK(stats().alive == alive - 2);
  partner_end(&other);
  CHECK(all_gone());
}
