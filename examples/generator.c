/* SPDX-License-Identifier: MIT */
/* A generator in C: a recursive walk hands out one key at a time, from any depth, to a loop that asks for the next.
 *
 * Two trees of different shape are compared key by key. Neither is walked further than the first difference; the two
 * half-finished walks are unwound by releasing them. */
#include <greenlet.h>

#include <stdio.h>
#include <stdlib.h>

struct node {
  int key;
  const struct node *left, *right;
};

/* Hands `value` to whoever called next(), and waits to be asked again. */
static gl_status yield(const void *value) { return gl_switch(gl_parent(gl_current()), (void *)value, NULL); }

/* The next value of a generator, or NULL after the last one. Its parent is always the greenlet that asks. */
static const void *next(gl_greenlet *generator) {
  void *value = NULL;
  if (gl_state(generator) == GL_DEAD || gl_set_parent(generator, gl_current()) != GL_OK) return NULL;
  return gl_switch(generator, NULL, &value) == GL_OK ? value : NULL;
}

/* Whatever is not GL_OK ends the recursion level by level: this is all that unwinding takes in C. */
static gl_status walk(const struct node *node) {
  if (!node) return GL_OK;
  gl_status status = walk(node->left);
  if (status == GL_OK) status = yield(node);
  if (status == GL_OK) status = walk(node->right);
  return status;
}

static gl_status keys(void *tree, void *value, void **result) {
  (void)value, (void)result;
  gl_status status = walk(tree);
  if (status == GL_KILLED) puts("a walk is given up");
  return status;
}

int main(void) {
  /*     4              1
   *   2   6             2
   *  1 3 5               3
   *                       7  */
  const struct node n1 = {1, NULL, NULL}, n3 = {3, NULL, NULL}, n5 = {5, NULL, NULL};
  const struct node n2 = {2, &n1, &n3}, n6 = {6, &n5, NULL}, bushy = {4, &n2, &n6};
  const struct node c7 = {7, NULL, NULL}, c3 = {3, NULL, &c7}, c2 = {2, NULL, &c3}, chain = {1, NULL, &c2};

  const struct node *a, *b;
  gl_greenlet *left = gl_new(keys, (void *)&bushy);
  printf("bushy:");
  while ((a = next(left))) printf(" %d", a->key);
  puts("");
  gl_release(left);

  left = gl_new(keys, (void *)&bushy);
  gl_greenlet *right = gl_new(keys, (void *)&chain);
  do {
    a = next(left);
    b = next(right);
  } while (a && b && a->key == b->key);
  if (a && b) printf("they differ at %d and %d\n", a->key, b->key);
  else puts(a || b ? "one is longer" : "they hold the same keys");

  gl_release(left);
  gl_release(right);
  return EXIT_SUCCESS;
}
