// SPDX-License-Identifier: MIT
// A generator: a recursive walk yields one key at a time, from any depth, to a loop that asks for the next.
//
// Two trees of different shape are compared key by key. Neither is walked further than the first difference; the two
// half-finished walks are unwound where the generators go out of scope.
#include <greenlet.hpp>

#include <cstdio>

struct node {
  int key;
  const node *left = nullptr, *right = nullptr;
};

struct farewell {
  bool finished = false;
  ~farewell() {
    if (!finished) std::puts("a walk is given up");
  }
};

static void walk(const node *tree, gl::yielder<int> yield) {
  if (!tree) return;
  walk(tree->left, yield);
  yield(tree->key);
  walk(tree->right, yield);
}

static gl::generator<int> keys(const node &tree) {
  return gl::generator<int>([&tree](gl::yielder<int> yield) {
    farewell note;
    walk(&tree, yield);
    note.finished = true;
  });
}

static void compare(const node &a, const node &b) {
  gl::generator<int> left = keys(a), right = keys(b);
  auto l = left.begin(), r = right.begin();
  while (l != left.end() && r != right.end() && *l == *r) {
    ++l;
    ++r;
  }
  if (l == left.end() && r == right.end()) std::puts("they hold the same keys");
  else if (l == left.end() || r == right.end()) std::puts("one is longer");
  else std::printf("they differ at %d and %d\n", *l, *r);
}

int main() {
  //     4              1
  //   2   6             2
  //  1 3 5               3
  //                       7
  const node n1{1}, n3{3}, n5{5}, n2{2, &n1, &n3}, n6{6, &n5}, bushy{4, &n2, &n6};
  const node c7{7}, c3{3, nullptr, &c7}, c2{2, nullptr, &c3}, chain{1, nullptr, &c2};

  std::printf("bushy:");
  for (int key : keys(bushy)) std::printf(" %d", key);
  std::puts("");

  compare(bushy, chain);
}
