/* SPDX-License-Identifier: MIT */
/* When there is no memory to copy a greenlet out, or for one more stack: GL_ENOMEM, and nothing has moved (rule 9). */
#include "process.h"
#include "stacks.h"
#include <errno.h>

static void succeeds(void (*body)(void)) {
  if (UNDER_ASAN || UNDER_TSAN || UNDER_VALGRIND) SKIP("what it allocates for itself does not fit under the limit");
  ends_well(body);
}

enum { MEGABYTE = 1 << 20 };
static void limit_memory(void) {
  struct rlimit limit;
  FILE *file = fopen("/proc/self/statm", "r");
  unsigned long pages = 0;
  MUST(file && fscanf(file, "%lu", &pages) == 1);
  fclose(file);
  limit.rlim_cur = limit.rlim_max = pages * (rlim_t)sysconf(_SC_PAGESIZE) + 8 * MEGABYTE;
  MUST(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* Takes all that malloc() has, in pieces that get smaller; what the library has in its caches first. */
static struct piece { struct piece *next; } * pieces;
static void take_all_memory(void) {
  gl_trim();
  for (size_t size = MEGABYTE; size >= sizeof(struct piece); size /= 2)
    for (struct piece *p; (p = malloc(size)) != NULL; pieces = p) p->next = pieces;
}
static void give_it_back(void) {
  while (pieces) {
    struct piece *p = pieces;
    pieces = p->next, free(p);
  }
}

/* --- Copies ------------------------------------------------------------------------------------------------------------------------ */

enum { DEEP = 60000, MOST = 100000 };
static gl_greenlet *all[MOST];
static int made;
static gl_stack *stack;

/* Waits for main, or tells it that it cannot. */
enum { REFUSED = -2 };
BODY(waits_deep) {
  unsigned char pattern[DEEP];
  fill(pattern, sizeof pattern, (unsigned)number(data));
  gl_status status = to_main(NULL, &value);
  MUST(intact(pattern, sizeof pattern, (unsigned)number(data)));
  *result = status == GL_ENOMEM ? V(REFUSED) : value;
  return GL_OK;
}
static void resumes(gl_greenlet *g, int value) {
  void *received = NULL;
  MUST(gl_switch(g, V(value), &received) == GL_OK && received == V(value) && gl_state(g) == GL_DEAD);
  gl_release(g);
}
static void sleepers_until_there_is_no_memory(void) {
  void *received = NULL;
  gl_status status = GL_OK;
  stack = gl_stack_new(SHARED_SIZE);
  MUST(stack);
  limit_memory();
  for (made = 0; made < MOST && received != V(REFUSED); made++) {
    all[made] = make_on(stack, waits_deep, V(made));
    status = gl_switch(all[made], NULL, &received);
    MUST(status == GL_OK && gl_current() == gl_main());
  }
  MUST(made > 10 && gl_state(all[made - 1]) == GL_DEAD); /* it came back by its end */
  gl_release(all[--made]);
  for (int i = 0; i < made; i++) resumes(all[i], i);
  all[0] = make_on(stack, waits_deep, V(0));
  MUST(gl_switch(all[0], NULL, NULL) == GL_OK && gl_state(all[0]) == GL_SUSPENDED);
  resumes(all[0], 7);
  gl_stack_release(stack), gl_trim();
  MUST(stats().slice_bytes == 0 && stats().alive == 0);
}
// rules 4, 9: the one too many is told so and can end; nobody's bytes are lost, and when some have ended there is room for more
TEST(no_memory_for_one_more_copy) { succeeds(sleepers_until_there_is_no_memory); }

static gl_greenlet *other, *unstarted;
BODY(is_refused_everything) {
  unsigned char pattern[DEEP];
  void *received = V(-1);
  gl_greenlet *const self = gl_current();
  fill(pattern, sizeof pattern, 77);
  take_all_memory();
  MUST(gl_switch(other, NULL, &received) == GL_ENOMEM && gl_state(other) == GL_SUSPENDED);
  MUST(gl_throw(other, NULL, &received) == GL_ENOMEM && gl_state(other) == GL_SUSPENDED);
  MUST(gl_kill(other, &received) == GL_ENOMEM && gl_state(other) == GL_SUSPENDED);
  errno = 7; /* rule 23 */
  MUST(gl_switch(unstarted, NULL, &received) == GL_ENOMEM && gl_state(unstarted) == GL_UNSTARTED && errno == 7);
  MUST(received == V(-1) && gl_current() == self && gl_state(self) == GL_RUNNING);
  MUST(gl_parent(other) == gl_main());
  MUST(intact(pattern, sizeof pattern, 77));
  MUST(to_main(NULL, &received) == GL_ENOMEM && received == V(-1));
  give_it_back();
  MUST(to_main(NULL, NULL) == GL_OK);
  MUST(intact(pattern, sizeof pattern, 77));
  MUST(gl_switch(other, V(4), &received) == GL_OK); /* other ends in main, which comes back here */
  MUST(intact(pattern, sizeof pattern, 77));
  return GL_OK;
}
static void an_occupant_is_refused(void) {
  stack = gl_stack_new(SHARED_SIZE);
  other = make_on(stack, waits_deep, V(1)), unstarted = make_on(stack, waits_deep, V(2));
  gl_greenlet *occupant = make_on(stack, is_refused_everything, NULL);
  MUST(gl_switch(other, NULL, NULL) == GL_OK);
  limit_memory();
  MUST(gl_switch(occupant, NULL, NULL) == GL_OK && gl_current() == gl_main());
  MUST(gl_switch(occupant, NULL, NULL) == GL_OK && gl_state(other) == GL_DEAD);
  MUST(gl_switch(occupant, NULL, NULL) == GL_OK && gl_state(occupant) == GL_DEAD);
  gl_release(other), gl_release(unstarted), gl_release(occupant), gl_stack_release(stack), gl_trim();
  MUST(stats().slice_bytes == 0 && stats().alive == 0);
}
// rules 6, 9, 10, 13: one that runs cannot leave, is told so and stays as it is, and so do those that it meant
TEST(no_memory_for_a_copy_refuses_to_leave) { succeeds(an_occupant_is_refused); }

/* `other` waits where this one lies. */
BODY(cannot_kill_what_it_releases) {
  unsigned char pattern[DEEP];
  fill(pattern, sizeof pattern, 31);
  take_all_memory();
  gl_release(other);
  MUST(intact(pattern, sizeof pattern, 31) && gl_state(gl_current()) == GL_RUNNING);
  give_it_back();
  MUST(to_main(NULL, NULL) == GL_OK && intact(pattern, sizeof pattern, 31));
  return GL_OK;
}
static void a_release_without_room(gl_stack *on) {
  const uint64_t leaked = stats().leaked;
  gl_greenlet *g = make_on(stack = on, cannot_kill_what_it_releases, NULL);
  other = make_on(stack, echo, NULL);
  volatile char stack_that_main_has_used[4 * DEEP]; /* the system must not need to extend it then */
  memset((char *)stack_that_main_has_used, 1, sizeof stack_that_main_has_used);
  MUST(gl_switch(other, NULL, NULL) == GL_OK);
  limit_memory();
  MUST(gl_switch(g, NULL, NULL) == GL_OK && gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
  gl_release(g);
  MUST(stats().alive == stats().leaked - leaked); /* killed when there was room again, or given up and counted */
}
static void a_release_on_a_shared_stack(void) { a_release_without_room(gl_stack_new(SHARED_SIZE)); }
static void a_release_on_the_threads_stack(void) { a_release_without_room(gl_stack_thread()); }
// rules 9, 21: who cannot leave cannot kill; nothing moves and nothing is lost
TEST(no_memory_to_kill_what_is_released) {
  succeeds(a_release_on_a_shared_stack);
  succeeds(a_release_on_the_threads_stack);
}

BODY(takes_all_and_ends) {
  take_all_memory();
  *result = V(6);
  return GL_OK;
}
BODY(waits_for_one_that_takes_all) {
  unsigned char pattern[DEEP];
  fill(pattern, sizeof pattern, 3);
  gl_greenlet *child = make_on(stack, takes_all_and_ends, NULL);
  MUST(gl_switch(child, NULL, result) == GL_OK);
  MUST(intact(pattern, sizeof pattern, 3) && gl_state(child) == GL_DEAD);
  give_it_back();
  gl_release(child);
  return GL_OK;
}
static void an_end_needs_no_memory(void) {
  stack = gl_stack_new(SHARED_SIZE);
  gl_greenlet *parent = make_on(stack, waits_for_one_that_takes_all, NULL);
  void *received = NULL;
  limit_memory();
  MUST(gl_switch(parent, NULL, &received) == GL_OK && received == V(6) && gl_state(parent) == GL_DEAD);
  gl_release(parent), gl_stack_release(stack);
}
// rules 4, 9: the bytes of one that ended are not copied
TEST(an_end_needs_no_memory_to_resume_its_parent) { succeeds(an_end_needs_no_memory); }

BODY(cannot_leave_the_threads_stack) {
  unsigned char pattern[DEEP];
  fill(pattern, sizeof pattern, 9);
  take_all_memory();
  MUST(to_main(NULL, NULL) == GL_ENOMEM && gl_state(gl_current()) == GL_RUNNING && gl_state(gl_main()) == GL_SUSPENDED);
  MUST(intact(pattern, sizeof pattern, 9));
  give_it_back();
  MUST(to_main(NULL, NULL) == GL_OK && intact(pattern, sizeof pattern, 9));
  return GL_OK;
}
static void the_threads_stack_cannot_be_left(void) {
  gl_greenlet *g = make_on(gl_stack_thread(), cannot_leave_the_threads_stack, NULL);
  volatile char stack_that_main_has_used[4 * DEEP]; /* the system must not need to extend it then */
  memset((char *)stack_that_main_has_used, 1, sizeof stack_that_main_has_used);
  limit_memory();
  MUST(gl_switch(g, NULL, NULL) == GL_OK && gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
  gl_release(g);
}
// rules 6, 9: on the thread's own stack each way needs memory
TEST(no_memory_to_leave_the_threads_stack) { succeeds(the_threads_stack_cannot_be_left); }

static void a_name_is_refused(void) {
  char name[3000];
  gl_greenlet *g = NULL;
  const gl_options options = {.size = sizeof options, .run = echo, .name = name};
  memset(name, 'n', sizeof name), name[sizeof name - 1] = 0;
  gl_greenlet *spare = gl_new(echo, NULL);
  limit_memory();
  take_all_memory();
  gl_release(spare); /* leaves a block, which needs no memory then */
  MUST(gl_new_with(&options, &g) == GL_ENOMEM && !g && stats().alive == 0);
  give_it_back();
  MUST(gl_new_with(&options, &g) == GL_OK && !strcmp(gl_name(g), name));
  gl_release(g);
  MUST(stats().alive == 0);
}
// rule 9: one that cannot have all that it is to have is not made
TEST(no_memory_for_a_name) { succeeds(a_name_is_refused); }

/* --- Private stacks ---------------------------------------------------------------------------------------------------------------- */

static gl_status start_until_refused(size_t size) {
  gl_status status = GL_OK;
  for (made = 0; status == GL_OK && made < MOST; made++) {
    const gl_options options = {.size = sizeof options, .run = echo, .stack_size = size};
    MUST(gl_new_with(&options, &all[made]) == GL_OK);
    status = gl_switch(all[made], NULL, NULL);
  }
  return status;
}
static void sizes_follow_one_another(void) {
  const size_t sizes[] = {32 << 10, 128 << 10, 512 << 10, 16 << 10};
  gl_main();
  limit_memory();
  for (int i = 0; i < 4; i++) {
    void *received = NULL;
    MUST(start_until_refused(sizes[i]) == GL_ENOMEM && made > 1);
    MUST(gl_state(all[made - 1]) == GL_UNSTARTED);
    for (int k = 0; k < made - 1; k++) MUST(gl_switch(all[k], V(k), &received) == GL_OK && received == V(k));
    gl_release(all[0]); /* makes room */
    MUST(gl_switch(all[made - 1], V(3), &received) == GL_OK && received == V(3));
    for (int k = 1; k < made; k++) gl_release(all[k]);
    gl_trim();
    MUST(stats().alive == 0);
  }
}
// rules 5, 9: the refused one stays unstarted until another ends; what gl_trim() gives back serves any size
TEST(no_memory_for_a_private_stack_of_any_size) { succeeds(sizes_follow_one_another); }

/* --- What AddressSanitizer knows of it ---------------------------------------------------------------------------------------------- */

#if UNDER_ASAN
void *__asan_region_is_poisoned(void *low, size_t size);

BODY(waits_between_red_zones) {
  volatile char watched[64] = {0};
  (void)to_main((void *)watched, NULL);
  return GL_OK;
}
#endif
// rule 21: nothing is unwound; the next one to map memory there may be a runtime of which AddressSanitizer does not hear
TEST(what_a_frame_leaves_is_forgotten_with_its_stack) {
#if UNDER_ASAN
  const gl_options options = {.size = sizeof options, .run = waits_between_red_zones, .flags = GL_DISCARD};
  gl_greenlet *g = NULL;
  void *low = NULL, *high = NULL;
  CHECK(gl_new_with(&options, &g) == GL_OK && gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_stack_bounds(g, &low, &high) == GL_OK);
  CHECK(__asan_region_is_poisoned(low, (size_t)((char *)high - (char *)low)) != NULL);
  gl_release(g);
  gl_trim();
  CHECK(__asan_region_is_poisoned(low, (size_t)((char *)high - (char *)low)) == NULL);
#else
  SKIP("only AddressSanitizer marks memory");
#endif
}
