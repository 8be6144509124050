/* One test, one behaviour: TEST(name) { ... CHECK(condition); ... }  with a comment "rule N" on the line above it.
   With Criterion each test runs in a process of its own. With -DGREENLET_TEST_PLAIN (sanitizers that know no fork, valgrind, qemu, wine) the
   same source gets a plain main(): arguments are parts of names to run, GREENLET_TEST_SKIP=" name name " leaves tests out. CHECK goes on after a failure, so it works on any stack. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef GREENLET_TEST_PLAIN
#include <criterion/criterion.h>
#define TEST(name) Test(capi, name)
#define CHECK(condition) cr_expect(condition)
#else
struct test {
  const char *name;
  void (*run)(void);
  struct test *next;
};
#ifdef _WIN32 /* where constructors run from the last one up */
static struct test *tests;
static void add_test(struct test *t) { t->next = tests, tests = t; }
#else
static struct test *tests, **last_test = &tests;
static void add_test(struct test *t) { *last_test = t, last_test = &t->next; }
#endif
static int checks_failed;
#define TEST(n)                                            \
  static void test_##n(void);                              \
  __attribute__((constructor)) static void add_##n(void) { \
    static struct test t = {#n, test_##n, NULL};           \
    add_test(&t);                                          \
  }                                                        \
  static void test_##n(void)
#define CHECK(condition) ((condition) ? (void)0 : (void)(checks_failed++, printf("%s:%d: %s\n", __FILE__, __LINE__, #condition)))

static int wanted(const char *name, int argc, char **argv) {
  const char *skipped = getenv("GREENLET_TEST_SKIP");
  char word[200];
  snprintf(word, sizeof word, " %s ", name);
  if (skipped && strstr(skipped, word)) return 0;
  for (int i = 1; i < argc; i++)
    if (strstr(name, argv[i])) return 1;
  return argc < 2;
}
static void (*before_tests)(void);
int main(int argc, char **argv) {
  if (before_tests) before_tests();
  int passed = 0, failed = 0;
  for (struct test *t = tests; t; t = t->next) {
    if (!wanted(t->name, argc, argv)) continue;
    checks_failed = 0, t->run();
    if (checks_failed) printf("FAILED %s\n", t->name), failed++;
    else passed++;
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed || !passed;
}
#endif
