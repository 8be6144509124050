// SPDX-License-Identifier: MIT
// The whole core as one file, for packages that vendor it. With the assembly of arch/, it is all there is to compile.
#include "status.cc"

#include "blocks.cc"
#include "dump.cc"
#include "greenlet.cc"
#include "hooks.cc"
#include "host.cc"
#include "locals.cc"
#include "observe.cc"
#include "orphans.cc"
#include "realm.cc"
#include "tree.cc"

#ifdef GL_HAS_SWITCH
#include "arena.cc"
#include "backtrace.cc"
#include "buffers.cc"
#include "copy.cc"
#include "slice.cc"
#include "stack.cc"
#include "switch.cc"
#else
#include "arch/none.cc"
#endif

#include "os/posix.cc"
#include "os/windows.cc"
