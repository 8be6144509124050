/* SPDX-License-Identifier: MIT */
/* What a peer is. C, so that any language can make one; a file in peers/ adds it to the list (loops.h). */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

/* A loop's speed depends on where its calls lie in the cache lines, so each is compiled at this many offsets, 8 bytes apart. */
#define BENCH_OFFSETS 8

/* Every transfer carries one pointer. What is counted is one transfer, one life or one call. */
enum bench_measure {
  BENCH_SWITCH, /* there and back between two contexts that wait in a loop */
  BENCH_DEEP,   /* the same, each side three calls deep, which return and are made again between any two transfers */
  BENCH_RING,   /* a hundred contexts in a ring; a context must be asked for its successor */
  BENCH_CREATE, /* make, run a body that returns what it gets, end, free */
  BENCH_THROW,  /* there and back as BENCH_SWITCH, each transfer raising something in the other context, which catches it */
  BENCH_HOOK,   /* BENCH_SWITCH with one hook that is called at each transfer */
  BENCH_CALL,   /* ask for the current context; for the bare jump: an empty function */
  BENCH_MEASURES
};

/* Does at least `count` of what is measured (whole rounds); returns the nanoseconds that one took. */
typedef double (*bench_loop)(long count);

typedef struct bench_peer {
  const char *name;
  const char *version;                             /* of what was compiled in or found at run time */
  bench_loop loops[BENCH_MEASURES][BENCH_OFFSETS]; /* NULL where the peer has nothing of the kind */
} bench_peer;

#endif
