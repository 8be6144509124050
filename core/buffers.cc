// SPDX-License-Identifier: MIT
// Buffers for what is moved out of shared stacks: malloc()'s, in few sizes, some of which each thread keeps for the next one.
#include "internal.h"

#include <bit>
#include <cstdlib>
#include <new>

namespace gl {

constexpr size_t most_cached_bytes = 256 << 10; // of buffers, for a thread

// On most systems a block of malloc() takes 8 bytes more. With these, sizes are multiples of 16 up to 128, then eight for each doubling: so up to an
// eighth too large.
constexpr size_t overhead = 8;
static size_t step_of(size_t gross) { return gross <= 128 ? 16 : std::bit_ceil(gross) >> 4; }

size_t round_buffer(size_t bytes) {
  size_t gross = bytes + overhead, step = step_of(gross);
  return ((gross + step - 1) & -step) - overhead;
}

static size_t class_of(size_t bytes) {
  size_t gross = bytes + overhead;
  if (gross <= 128) return gross / 16 - 1;
  size_t doublings = static_cast<size_t>(std::bit_width(gross - 1)) - 8;
  return doublings * 8 + gross / step_of(gross) - 1; // 9 to 16 steps, after 8 sizes of the first
}

char *take_buffer(size_t bytes) {
  Realm *r = here();
  size_t n = class_of(bytes);
  if (n < buffer_classes && r->buffers[n]) {
    FreeBuffer *buffer = r->buffers[n];
    r->buffers[n] = buffer->next;
    r->buffer_bytes -= bytes;
    return reinterpret_cast<char *>(buffer);
  }
  char *buffer = static_cast<char *>(malloc(bytes));
  if (buffer) tally(&Counters::slice_bytes, static_cast<intptr_t>(bytes));
  return buffer;
}

static void free_buffer(char *buffer, size_t bytes) {
  tally(&Counters::slice_bytes, -static_cast<intptr_t>(bytes));
  free(buffer);
}

void give_buffer(char *buffer, size_t bytes) {
  if (!buffer) return;
  Realm *r = here();
  size_t n = class_of(bytes);
  if (n >= buffer_classes || r == &detached || has_ended(r) || r->buffer_bytes + bytes > most_cached_bytes || annotate::objects_watched())
    return free_buffer(buffer, bytes);
  r->buffers[n] = new (buffer) FreeBuffer{r->buffers[n]};
  r->buffer_bytes += bytes;
}

size_t free_buffers(Realm *r) {
  size_t released = 0;
  for (size_t bytes = round_buffer(1), n; (n = class_of(bytes)) < buffer_classes; bytes = round_buffer(bytes + 1))
    while (FreeBuffer *buffer = r->buffers[n]) {
      r->buffers[n] = buffer->next;
      free_buffer(reinterpret_cast<char *>(buffer), bytes);
      released += bytes;
    }
  r->buffer_bytes = 0;
  return released;
}

} // namespace gl
