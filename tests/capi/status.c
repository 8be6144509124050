/* SPDX-License-Identifier: MIT */
/* Every negative status of every function, and that a failed call changes nothing (rule 9). */
#include "partner.h"

enum { count = 3 };
typedef gl_status (*transfer)(gl_greenlet *target, void *value, void **received);
static gl_status kill_it(gl_greenlet *target, void *value, void **received) {
  (void)value;
  return gl_kill(target, received);
}
static const transfer transfers[count] = {gl_switch, gl_throw, kill_it};

/* The call fails so, and nothing that can be asked has changed. */
static bool fails(transfer call, gl_greenlet *target, gl_status expected) {
  gl_greenlet *current = gl_current(), *parent = gl_parent(target);
  int state = gl_state(target), own_state = gl_state(current);
  void *data = gl_data(target), *received = V(0x99);
  gl_stats before = stats();
  gl_status status = call(target, V(1), &received), again = call(target, V(1), NULL);
  gl_stats after = stats();
  if (status != expected || again != expected)
    printf("%s and %s, not %s\n", gl_status_name(status), gl_status_name(again), gl_status_name(expected));
  return status == expected && again == expected && received == V(0x99) && gl_current() == current && gl_state(current) == own_state &&
         gl_state(target) == state && gl_parent(target) == parent && gl_data(target) == data && before.alive == after.alive &&
         before.leaked == after.leaked && before.created == after.created;
}

// rules 9, 30
TEST(transfer_to_null_is_EINVAL) {
  for (int i = 0; i < count; i++) CHECK(fails(transfers[i], NULL, GL_EINVAL));
}

// rules 9, 13
TEST(kill_of_main_or_oneself_is_EINVAL) { CHECK(fails(kill_it, gl_main(), GL_EINVAL)); }

BODY(kill_main_and_oneself) {
  CHECK(fails(kill_it, gl_current(), GL_EINVAL));
  CHECK(fails(kill_it, gl_main(), GL_EINVAL)); /* an ancestor too, but main is looked at first */
  return GL_OK;
}

// rules 9, 13
TEST(greenlet_cannot_kill_main_or_itself) {
  gl_greenlet *g = gl_new(kill_main_and_oneself, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
  CHECK(all_gone());
}

BODY(kill_ancestor) {
  CHECK(fails(kill_it, data, GL_ECYCLE));
  return GL_OK;
}

// rules 9, 13
TEST(kill_of_an_ancestor_is_ECYCLE) {
  gl_greenlet *parent = gl_new(echo, NULL), *g = child_of(parent, kill_ancestor, parent);
  CHECK(gl_switch(parent, NULL, NULL) == GL_OK);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g), gl_release(parent);
  CHECK(all_gone());
}

// rule 9
TEST(switch_to_one_without_memory_for_its_stack_is_ENOMEM) {
  gl_greenlet *g = NEW(.run = never, .stack_size = NO_SUCH_STACK);
  for (int i = 0; i < 3; i++) {
    CHECK(fails(gl_switch, g, GL_ENOMEM));
    CHECK(gl_state(g) == GL_UNSTARTED);
  }
  CHECK(gl_throw(g, V(1), NULL) == GL_THROWN); /* needs no stack */
  gl_release(g);
  CHECK(all_gone());
}

// rules 9, 31: rounding up must not make it small
TEST(stack_sizes_near_the_end_of_memory_are_ENOMEM) {
  for (size_t below = 0; below < 5 * 4096; below += 1024) {
    gl_options options = {.size = sizeof options, .run = never, .stack_size = SIZE_MAX - below};
    gl_greenlet *g = V(0x99);
    gl_status status = gl_new_with(&options, &g);
    if (status == GL_OK) {
      CHECK(fails(gl_switch, g, GL_ENOMEM));
      gl_release(g);
    } else {
      CHECK(status == GL_ENOMEM || status == GL_EINVAL);
      CHECK(g == V(0x99));
    }
  }
  CHECK(all_gone());
}

static struct family *asked;
static void try_all_in_a_drop(void *data) {
  (void)data;
  gl_greenlet *all[] = {gl_main(), gl_current(), asked->unstarted, asked->suspended, asked->dead};
  for (int i = 0; i < count; i++) {
    for (size_t t = 0; t < sizeof all / sizeof *all; t++) CHECK(fails(transfers[i], all[t], GL_EBUSY));
    CHECK(fails(transfers[i], NULL, GL_EINVAL));
  }
  event("tried");
}

// rules 9, 13, 26: after NULL, before anything else
TEST(transfers_in_a_callback_are_EBUSY) {
  struct family own;
  asked = &own;
  make_family(&own);
  gl_release(NEW(.run = never, .drop = try_all_in_a_drop));
  gl_greenlet *g = NEW(.run = identity, .drop = try_all_in_a_drop);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(happened("tried tried"));
  gl_release(g);
  release_family(&own);
  CHECK(all_gone());
}

static void try_strangers(const struct family *f, gl_status expected) {
  gl_greenlet *all[] = {f->main, f->unstarted, f->suspended, f->dead};
  for (int i = 0; i < count; i++)
    for (size_t t = 0; t < sizeof all / sizeof *all; t++) CHECK(fails(transfers[i], all[t], expected));
}
static struct family *strangers;
static void try_strangers_in_a_drop(void *data) {
  (void)data;
  try_strangers(strangers, GL_EBUSY);
}

// rules 9, 13, 17: main and dead ones too; a callback is noticed first
TEST(transfers_to_another_thread_or_an_ended_one_change_nothing) {
  struct partner p;
  struct family f;
  strangers = &f;
  partner_start(&p);
  partner_do(&p, make_family, &f);
  try_strangers(&f, GL_ETHREAD);
  gl_release(NEW(.run = never, .drop = try_strangers_in_a_drop));
  partner_do(&p, release_family, &f);
  partner_do(&p, make_family, &f);
  gl_retain(f.main);
  partner_end(&p);
  try_strangers(&f, GL_EEXPIRED);
  gl_release(NEW(.run = never, .drop = try_strangers_in_a_drop));
  release_family(&f);
  gl_release(f.main);
  CHECK(all_gone());
}

static void try_hosted_in_a_drop(void *realm) {
  for (int i = 0; i < count; i++) CHECK(fails(transfers[i], gl_realm_main(realm), GL_EBUSY));
}

// rules 9, 13, 34: hosted ones in every state, before their thread is looked at
TEST(transfers_to_hosted_ones_are_ENOTSUP) {
  gl_realm *realm = gl_realm_new();
  gl_greenlet *main = gl_realm_main(realm);
  gl_greenlet *unstarted = NEW(.parent = main, .flags = GL_HOSTED), *suspended = NEW(.parent = main, .flags = GL_HOSTED);
  gl_greenlet *dead = NEW(.parent = main, .flags = GL_HOSTED);
  gl_delivery d;
  CHECK(gl_host_switch(realm, suspended, NULL, &d) == GL_OK && gl_host_switch(realm, main, NULL, &d) == GL_OK);
  CHECK(gl_host_kill(realm, dead, &d) == GL_OK);
  gl_greenlet *all[] = {main, unstarted, suspended, dead};
  for (int i = 0; i < count; i++)
    for (size_t t = 0; t < sizeof all / sizeof *all; t++) CHECK(fails(transfers[i], all[t], GL_ENOTSUP));
  gl_release(NEW(.run = never, .data = realm, .drop = try_hosted_in_a_drop));
  gl_release(unstarted), gl_release(dead), gl_release(suspended);
  CHECK(gl_host_next_orphan(realm, &d) == GL_OK && d.next == suspended);
  CHECK(gl_host_end(realm, GL_KILLED, NULL, &d) == GL_OK);
  CHECK(gl_host_next_orphan(realm, &d) == GL_OK && d.next == NULL);
  gl_realm_release(realm);
  CHECK(all_gone());
}

static bool set_parent_fails(gl_greenlet *child, gl_greenlet *parent, gl_status expected) {
  gl_greenlet *before = gl_parent(child), *above = gl_parent(parent);
  int state = gl_state(child);
  gl_status status = gl_set_parent(child, parent);
  if (status != expected) printf("%s, not %s\n", gl_status_name(status), gl_status_name(expected));
  return status == expected && gl_parent(child) == before && gl_parent(parent) == above && gl_state(child) == state;
}

// rules 9, 15: EINVAL, ETHREAD, EEXPIRED, ECYCLE, ETHREAD of gl_set_parent; a callback is no obstacle
TEST(failed_set_parent_changes_nothing) {
  struct family own, f;
  struct partner p;
  make_family(&own);
  gl_greenlet *child = child_of(own.suspended, never, NULL);
  CHECK(set_parent_fails(NULL, own.dead, GL_EINVAL));
  CHECK(set_parent_fails(own.dead, NULL, GL_EINVAL));
  CHECK(set_parent_fails(gl_main(), own.dead, GL_EINVAL));
  CHECK(set_parent_fails(own.suspended, own.suspended, GL_ECYCLE));
  CHECK(set_parent_fails(own.suspended, child, GL_ECYCLE));
  partner_start(&p);
  partner_do(&p, make_family, &f);
  CHECK(set_parent_fails(f.unstarted, f.suspended, GL_ETHREAD));
  CHECK(set_parent_fails(own.suspended, f.main, GL_ETHREAD));
  CHECK(set_parent_fails(own.dead, f.main, GL_ETHREAD));
  CHECK(set_parent_fails(f.suspended, own.suspended, GL_ETHREAD));
  partner_end(&p);
  CHECK(set_parent_fails(own.unstarted, f.suspended, GL_EEXPIRED));
  CHECK(set_parent_fails(own.suspended, f.suspended, GL_EEXPIRED));
  gl_release(child);
  release_family(&f), release_family(&own);
  CHECK(all_gone());
}

// rules 9, 31
TEST(failed_new_leaves_out_alone) {
  gl_options good = {.size = sizeof good, .run = never}, bad[] = {good, good, good, good, good, good};
  gl_stack *shared = gl_stack_new(65536);
  bad[0].run = NULL;
  bad[1].flags = 1u << 31;
  bad[2].flags = GL_HOSTED; /* no parent in a host realm */
  bad[3].stack = shared, bad[3].stack_size = 65536;
  bad[4].flags = GL_HOSTED, bad[4].parent = gl_main();
  bad[5].flags = GL_HOSTED | GL_SHARE_FP | GL_DISCARD | 1u << 3;
  uint64_t created = stats().created;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (i == 3 && !shared) continue;
    gl_greenlet *g = V(0x99);
    CHECK(gl_new_with(&bad[i], &g) == GL_EINVAL);
    CHECK(g == V(0x99));
  }
  CHECK(stats().created == created);
  gl_stack_release(shared);
  CHECK(all_gone());
}

static bool bounds_fail(const gl_greenlet *g, gl_status expected) {
  void *low = V(1), *high = V(2);
  return gl_stack_bounds(g, &low, &high) == expected && low == V(1) && high == V(2);
}

// rules 9, 30, 32
TEST(failed_stack_bounds_leave_the_pointers_alone) {
  struct family own;
  void *low = NULL, *high = NULL;
  make_family(&own);
  CHECK(bounds_fail(NULL, GL_EINVAL));
  CHECK(bounds_fail(own.unstarted, GL_ENOTSUP));
  CHECK(bounds_fail(own.dead, GL_ENOTSUP));
  CHECK(gl_stack_bounds(own.suspended, &low, &high) == GL_OK);
  CHECK((char *)high - (char *)low > 15 * 1024);
  release_family(&own);
  CHECK(all_gone());
}

// each number has a text and a name of its own
TEST(statuses_have_names_and_texts) {
  static const struct {
    gl_status status;
    const char *name;
  } all[] = {
      {0, "GL_OK"},       {1, "GL_THROWN"},    {2, "GL_KILLED"},  {3, "GL_ALIVE"},  {-1, "GL_EINVAL"},  {-2, "GL_ENOMEM"},
      {-3, "GL_ETHREAD"}, {-4, "GL_EEXPIRED"}, {-5, "GL_ECYCLE"}, {-6, "GL_EBUSY"}, {-7, "GL_ENOTSUP"},
  };
  const size_t known = sizeof all / sizeof *all;
  for (size_t i = 0; i < known; i++) {
    CHECK(!strcmp(gl_status_name(all[i].status), all[i].name));
    CHECK(gl_strerror(all[i].status) != NULL && strlen(gl_strerror(all[i].status)) > 3);
    CHECK(gl_strerror(all[i].status) == gl_strerror(all[i].status));
    for (size_t j = 0; j < i; j++) CHECK(strcmp(gl_strerror(all[i].status), gl_strerror(all[j].status)) != 0);
  }
  static const gl_status unknown[] = {4, 5, -8, -9, 100, -100, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    CHECK(!strcmp(gl_status_name(unknown[i]), "GL_?"));
    CHECK(gl_strerror(unknown[i]) != NULL && *gl_strerror(unknown[i]));
  }
}

// what was compiled is what runs
TEST(version_is_that_of_the_header) { CHECK(gl_version() == GL_VERSION); }
