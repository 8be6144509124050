// SPDX-License-Identifier: MIT
// Doubly linked lists through `prev` and `next` of their members, without a head of their own.
#pragma once

namespace gl {

template <class Node> void push_front(Node *&first, Node *node) {
  node->prev = nullptr;
  node->next = first;
  if (first) first->prev = node;
  first = node;
}

template <class Node> void take_out(Node *&first, Node *node) {
  (node->prev ? node->prev->next : first) = node->next;
  if (node->next) node->next->prev = node->prev;
}

} // namespace gl
