// SPDX-License-Identifier: MIT
// Static probes `greenlet:switch`, `throw`, `start` and `end` for perf, bpftrace, SystemTap and gdb, told as tracers are told (rule 27), with the
// addresses of the one that leaves and of the one that is next. Each is one nop, and a note in the library that says where its arguments lie.
#pragma once

#include "greenlet.h"

#if !defined(GREENLET_NO_PROBES) && defined(__ELF__) && __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define GL_PROBE(name, from, to) DTRACE_PROBE2(greenlet, name, from, to)
#else
#define GL_PROBE(name, from, to) ((void)0)
#endif

namespace gl {

[[gnu::always_inline]] static inline void probe_transfer([[maybe_unused]] const gl_greenlet *from, [[maybe_unused]] const gl_greenlet *to,
                                                         gl_status status) {
  if (status == GL_OK) GL_PROBE(switch, from, to);
  else GL_PROBE(throw, from, to);
}

} // namespace gl
