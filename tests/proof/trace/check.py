#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs `record` scene by scene and checks the traces that it writes: check.py [LAUNCHER...] PROGRAM."""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile


class Trace:
    """A file, taken apart; what must hold in any file is asserted on the way."""

    def __init__(self, text):
        whole = json.loads(text)
        assert whole["displayTimeUnit"] == "ns"
        self.threads, self.names, self.marks, self.lost = {}, {}, [], []
        self.slices = collections.defaultdict(list)  # by track: [begin, end]
        self.runs = []  # names in the order of running, a list for each thread
        self.arrows = []  # [kind, from, to]
        leaving, now = {}, {}
        for e in whole["traceEvents"]:
            getattr(self, "see_" + e["ph"])(e, leaving, now)
        assert not leaving, "an arrow that does not arrive"
        assert all(end is not None for slices in self.slices.values() for _, end in slices), "a slice that does not end"
        assert set(self.slices) <= set(self.names), "a track without a name"

    def see_M(self, e, _leaving, now):
        if e["name"] == "process_name":
            assert e["pid"] not in self.threads
            self.threads[e["pid"]] = e["args"]["name"]
            self.runs.append([])
            now.clear()
        else:
            assert e["name"] == "thread_name" and e["tid"] not in self.names, "one name a track"
            self.names[e["tid"]] = e["args"]["name"]

    def at(self, e, now):
        assert e["ts"] >= now.get(e["pid"], 0), "time goes back"
        now[e["pid"]] = e["ts"]

    def is_open(self, e):
        slices = self.slices[e["tid"]]
        return bool(slices) and slices[-1][1] is None

    def see_B(self, e, _leaving, now):
        self.at(e, now)
        assert not any(slices and slices[-1][1] is None for slices in self.slices.values()), "two run at once"
        assert e["name"] == self.names[e["tid"]]
        self.slices[e["tid"]].append([e["ts"], None])
        self.runs[-1].append(e["name"])

    def see_E(self, e, _leaving, now):
        self.at(e, now)
        assert self.is_open(e), "an end without a beginning"
        self.slices[e["tid"]][-1][1] = e["ts"]

    def see_s(self, e, leaving, now):
        self.at(e, now)
        assert self.is_open(e) and e["id"] not in leaving
        leaving[e["id"]] = e

    def see_f(self, e, leaving, now):
        self.at(e, now)
        begin = leaving.pop(e["id"])
        assert self.is_open(e) and e["bp"] == "e" and begin["ts"] == e["ts"] and begin["name"] == e["name"]
        self.arrows.append((e["name"], self.names[begin["tid"]], self.names[e["tid"]]))

    def see_i(self, e, _leaving, now):
        self.at(e, now)
        if "args" in e:
            self.lost.append(e["args"]["lost"])
        else:
            assert self.is_open(e)
            self.marks.append((e["name"], self.names[e["tid"]]))


FAMILY_ARROWS = [
    ("switch", "main", "a"), ("switch", "a", "main"), ("switch", "main", "b"), ("switch", "b", "a"),
    ("switch", "a", "main"), ("throw", "main", "b"), ("throw", "b", "a"), ("throw", "a", "main"),
    ("switch", "main", "c"), ("switch", "c", "main"), ("throw", "main", "c"), ("switch", "c", "main"),
]  # fmt: skip
FAMILY_MARKS = [
    ("start", "a"), ("start", "b"), ("throw", "b"), ("end", "b"), ("throw", "a"), ("end", "a"), ("throw", "main"),
    ("start", "c"), ("throw", "c"), ("end", "c"), ("switch", "main"),
]  # fmt: skip


def an_arrow_each_transfer_and_marks_on_throws(scene):
    trace = scene("family")
    assert trace.threads == {1: "thread 1"}
    assert trace.arrows == FAMILY_ARROWS, trace.arrows
    assert trace.marks == FAMILY_MARKS, trace.marks
    assert trace.runs == [["main"] + [to for _, _, to in FAMILY_ARROWS]]
    assert sorted(trace.names.values()) == ["a", "b", "c", "main"] and not trace.lost


def one_address_is_not_one_greenlet(scene):
    trace = scene("addresses")
    assert sorted(trace.names.values()) == ["comes last", "ends", "is discarded", "main"], trace.names
    assert trace.runs == [["main", "ends", "main", "is discarded", "main", "comes last", "main"]]


def nothing_is_told_of_a_pause(scene):
    trace = scene("pause")
    assert trace.arrows == [("switch", "main", "older"), ("switch", "older", "main"), ("throw", "main", "older"), ("switch", "older", "main")]
    assert trace.runs == [["main", "main", "older", "main", "main", "older", "main"]], trace.runs
    assert trace.marks == [("throw", "older"), ("end", "older")]


def names_are_escaped_and_cut_between_characters(scene):
    names = [name for name in scene("names").names.values() if name != "main"]
    assert names[:3] == ['"quoted" \\ back', "tab\tbell\anewline\n", "größe € 🐍"], names
    assert names[3] == "bad � �� ��� �.", names[3]
    assert names[4] == "0123456789012345678901234567890123456789 lo"
    assert names[5] == "01234567890123456789012345678901234567890"
    assert names[6] == "greenlet 8"


def a_full_ring_keeps_the_newest_and_counts_the_rest(scene):
    told = 1 + 2 * 100 + 1 + 3  # recording begins; switches; START; throw, END and switch of the kill
    trace = scene("overflow")
    assert trace.lost == [told - 10] and len(trace.arrows) + len(trace.marks) == 10 + 1  # the throw is an arrow and a mark
    assert trace.arrows[-2:] == [("throw", "main", "busy"), ("switch", "busy", "main")]
    assert sorted(trace.names.values()) == ["busy", "main"]
    trace = scene("overflow_of_one")
    assert trace.lost == [told - 1] and trace.arrows == [("switch", "busy", "main")] and trace.runs == [["busy", "main"]] and not trace.marks


def threads_and_realms_share_a_file(scene):
    trace = scene("threads")
    assert trace.threads == {1: "first", 2: 'sec"ond', 3: "thread 3"}
    assert trace.arrows == 2 * FAMILY_ARROWS + [("switch", "main", "hosted"), ("throw", "hosted", "main")], trace.arrows
    assert trace.runs[0] == trace.runs[1] and trace.runs[2] == ["main", "hosted", "main"]
    assert len(trace.names) == 4 + 4 + 2


TESTS = [
    an_arrow_each_transfer_and_marks_on_throws,
    one_address_is_not_one_greenlet,
    nothing_is_told_of_a_pause,
    names_are_escaped_and_cut_between_characters,
    a_full_ring_keeps_the_newest_and_counts_the_rest,
    threads_and_realms_share_a_file,
]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:

        def scene(name):
            path = pathlib.Path(folder, name + ".json")
            subprocess.run([*sys.argv[1:], name, str(path)], check=True, timeout=60)
            return Trace(path.read_text(encoding="utf-8"))

        for test in TESTS:
            try:
                test(scene)
            except (AssertionError, KeyError, ValueError, subprocess.SubprocessError) as wrong:
                failed += 1
                print(f"FAILED {test.__name__}: {wrong!r}")
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
