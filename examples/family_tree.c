/* SPDX-License-Identifier: MIT */
/* The family tree: who is whose parent, in which state, and who gets an outcome.
 *
 * The parser switches to the lexer, but the lexer's parent is the compiler: when the lexer ends, its result goes there,
 * and the parser goes on waiting. */
#include <greenlet.h>

#include <stdio.h>
#include <stdlib.h>

enum { COMPILER, PARSER, LEXER, LOGGER, COUNT };
static gl_greenlet *all[COUNT];

static const char *const states[] = {
    [GL_UNSTARTED] = "unstarted", [GL_SUSPENDED] = "suspended", [GL_RUNNING] = "running", [GL_DEAD] = "dead"};

static void print_family(gl_greenlet *member, int depth) {
  const char *name = gl_parent(member) ? gl_name(member) : "main";
  printf("  %*s%-*s %s\n", 3 * depth, depth ? "+- " : "", 20 - 3 * depth, name, states[gl_state(member)]);
  for (int i = 0; i < COUNT; ++i) {
    if (gl_parent(all[i]) == member) print_family(all[i], depth + 1);
  }
}

static void show(const char *when) {
  printf("%s\n", when);
  print_family(gl_main(), 0);
}

static gl_status lexer(void *data, void *value, void **result) {
  (void)data, (void)value;
  show("inside the lexer:");
  *result = "12 tokens";
  return GL_OK;
}

static gl_status parser(void *data, void *value, void **result) {
  (void)data, (void)value, (void)result;
  gl_status status = gl_switch(all[LEXER], NULL, NULL);
  printf("the parser is told: %s\n", gl_status_name(status));
  return status;
}

static gl_status logger(void *data, void *value, void **result) {
  (void)data, (void)result;
  puts(value);
  return GL_OK;
}

static gl_status compiler(void *data, void *value, void **result) {
  (void)data, (void)value;
  void *tokens;
  gl_status status = gl_switch(all[PARSER], NULL, &tokens);
  if (status != GL_OK) return status;
  printf("the compiler receives: %s\n", (char *)tokens);
  *result = "compiled";
  return GL_OK;
}

static gl_greenlet *make(const char *name, gl_run run, gl_greenlet *parent) {
  gl_options options = {.size = sizeof options, .run = run, .name = name, .parent = parent};
  gl_greenlet *made;
  gl_status status = gl_new_with(&options, &made);
  if (status == GL_OK) return made;
  fprintf(stderr, "%s: %s\n", name, gl_strerror(status));
  exit(EXIT_FAILURE);
}

int main(void) {
  all[COMPILER] = make("compiler", compiler, NULL);
  all[PARSER] = make("parser", parser, all[COMPILER]);
  all[LEXER] = make("lexer", lexer, all[COMPILER]);
  all[LOGGER] = make("logger", logger, NULL);
  show("made:");

  void *outcome = NULL;
  if (gl_switch(all[COMPILER], NULL, &outcome) != GL_OK) return EXIT_FAILURE;
  printf("main receives: %s\n", (char *)outcome);
  show("the compiler and the lexer have ended:");

  /* The compiler is dead, so the parser's outcome would go to the compiler's parent; say so in the tree. */
  if (gl_set_parent(all[PARSER], gl_main()) != GL_OK) return EXIT_FAILURE;
  if (gl_kill(all[PARSER], NULL) != GL_OK) return EXIT_FAILURE;
  if (gl_kill(all[LOGGER], NULL) != GL_OK) return EXIT_FAILURE; /* never started: it dies without running */
  show("the parser moved to main, then the rest was killed:");

  for (int i = 0; i < COUNT; ++i) gl_release(all[i]);
  return EXIT_SUCCESS;
}
