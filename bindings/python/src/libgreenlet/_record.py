# SPDX-License-Identifier: MIT
"""Recordings of who runs when, for ui.perfetto.dev and chrome://tracing (Chrome's trace event format)."""

import collections
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, Optional, TextIO, Union

from ._family import label_of
from ._greenlet import getcurrent, greenlet
from ._subscribe import subscribe


class _Event(NamedTuple):
    time: int  # ns
    name: Optional[str]  # "switch" or "throw"; None: the recording begins or ends
    track: int  # of who runs from now on; 0: nothing is recorded
    label: str  # of that one
    starts: bool  # it has not run before
    ended: bool  # who ran before will not run again


class Recorder:
    """What `record()` gives to its block: more threads can take part."""

    def __init__(self, events: int) -> None:
        if events < 1:
            raise ValueError("a recording has room for one event at least")
        self._room = events
        self._threads: list[tuple[str, collections.deque[_Event], list[int]]] = []
        self._tracks = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def thread(self, name: Optional[str] = None) -> Iterator[None]:
        """Records the calling thread too, for the length of a `with` block that ends before the recording does. `name` is the thread's unless given."""
        events: collections.deque[_Event] = collections.deque(maxlen=self._room)
        seen = [0]
        tracks: dict[int, tuple[int, str]] = {}
        with self._lock:
            self._threads.append((name or threading.current_thread().name, events, seen))

        def add(event: Optional[str], g: Optional[greenlet], starts: bool = False, ended: bool = False) -> None:
            track, label = (0, "") if g is None else tracks.get(id(g)) or self._new_track(tracks, g)
            seen[0] += 1
            events.append(_Event(time.monotonic_ns(), event, track, label, starts, ended))

        def see(event: str, pair: tuple[greenlet, greenlet]) -> None:
            origin, target = pair
            # A greenlet's first frame has none below it: so here, before it was called, nothing is below this one.
            starts = id(target) not in tracks and sys._getframe().f_back is None
            ended = origin.dead
            if ended:
                tracks.pop(id(origin), None)  # another may get its address
            add(event, target, starts, ended)

        add(None, getcurrent())
        try:
            with subscribe(see):
                yield
        finally:
            add(None, None)

    def _new_track(self, tracks: dict[int, tuple[int, str]], g: greenlet) -> tuple[int, str]:
        with self._lock:
            self._tracks += 1
            label = label_of(g)
            tracks[id(g)] = track = self._tracks, label if label != "greenlet" else f"greenlet {self._tracks}"
        return track

    def write(self, file: TextIO) -> None:
        """Writes all that is recorded so far, as one JSON object. No thread may record meanwhile."""
        file.write('{"displayTimeUnit":"ns","traceEvents":[')
        writer = _Writer(file)
        for process, (name, events, seen) in enumerate(self._threads, 1):
            writer.write_thread(process, name, list(events), seen[0] - len(events))
        file.write("\n]}\n")


class _Writer:
    """A process in the file is a thread, and a thread in it, a track, is a greenlet."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._separator = ""
        self._process = 0
        self._arrows = 0
        self._named: set[int] = set()

    def _put(self, **fields: Any) -> None:
        self._file.write(f"{self._separator}\n{json.dumps(fields, separators=(',', ':'))}")
        self._separator = ","

    def _put_at(self, phase: str, event: _Event, track: int, **fields: Any) -> None:
        self._put(ph=phase, cat="greenlet", pid=self._process, tid=track, ts=event.time / 1000, **fields)

    def write_thread(self, process: int, name: str, events: list[_Event], lost: int) -> None:
        self._process = process
        self._put(ph="M", pid=process, name="process_name", args={"name": name})
        track = 0
        if lost and events:
            self._put_at("i", events[0], 0, s="p", name=f"{lost} events lost", args={"lost": lost})
        for event in events:
            self._write_change(event, track)
            track = event.track

    def _write_change(self, event: _Event, track: int) -> None:
        """From the one on `track` to the event's. At one time the order matters: an arrow leaves before its slice ends, and arrives in the next."""
        if event.track and event.track not in self._named:
            self._named.add(event.track)
            self._put(ph="M", pid=self._process, tid=event.track, name="thread_name", args={"name": event.label})
        if event.ended and track:
            self._put_at("i", event, track, s="t", name="end")
        if event.track == track:  # from one to itself
            self._put_at("i", event, track, s="t", name=event.name)
            return
        arrow = {"id": self._arrows + 1, "name": event.name} if event.name and track else None
        if arrow:
            self._arrows += 1
            self._put_at("s", event, track, **arrow)
        if track:
            self._put_at("E", event, track)
        if event.track:
            self._put_at("B", event, event.track, name=event.label)
        if arrow:
            self._put_at("f", event, event.track, bp="e", **arrow)
        if event.name == "throw":
            self._put_at("i", event, event.track, s="t", name="throw")
        if event.starts:
            self._put_at("i", event, event.track, s="t", name="start")


@contextlib.contextmanager
def record(path: Union[str, "os.PathLike[str]"], *, events: int = 1_000_000, name: Optional[str] = None) -> Iterator[Recorder]:
    """Records who runs when in the calling thread, for the length of a `with` block, and then writes the file `path`.

    Open it with "Open trace file" in ui.perfetto.dev, or with "Load" in chrome://tracing. A greenlet is a track with its name, or that of what it calls;
    an arrow is a switch or a throw. Of more than `events` transfers a thread the last ones are kept. `name` is the thread's unless given.

        with libgreenlet.record("trace.json") as recording:
            work()  # in another thread, meanwhile: `with recording.thread(): ...`
    """
    recorder = Recorder(events)
    with open(path, "w", encoding="utf-8") as file:
        try:
            with recorder.thread(name):
                yield recorder
        finally:
            recorder.write(file)
