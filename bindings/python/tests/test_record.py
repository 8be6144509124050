# SPDX-License-Identifier: MIT
"""record(): files in Chrome's trace event format, of the shape that docs/tracing.md describes."""

import json
import threading

import pytest

from libgreenlet import getcurrent, greenlet, record

pytestmark = pytest.mark.usefixtures("stack")


def hand_over(value=None):
    return getcurrent().parent.switch(value)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trace.json"


def read(path):
    """The events, and for each track its events in the order of the file."""
    events = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e.get("name") == "thread_name"}
    return events, names


def steps(events, names):
    """What a reader sees: slices, marks and arrows with the names of their tracks."""
    return [(e["ph"], names[e["pid"], e["tid"]], e.get("name")) for e in events if e["ph"] != "M"]


def named(function, name, parent=None):
    g = greenlet(function, parent)
    g.name = name
    return g


def test_slices_arrows_and_marks(path):
    def body():
        hand_over()
        raise KeyError

    with record(path):
        g = named(body, "worker")
        g.switch()
        with pytest.raises(KeyError):
            g.switch()
    events, names = read(path)
    to_worker = [("s", "main", "switch"), ("E", "main", None), ("B", "worker", "worker"), ("f", "worker", "switch")]
    assert steps(events, names) == [
        ("B", "main", "main"),
        *to_worker,
        ("i", "worker", "start"),
        *[("s", "worker", "switch"), ("E", "worker", None), ("B", "main", "main"), ("f", "main", "switch")],
        *to_worker,
        ("i", "worker", "end"),
        *[("s", "worker", "throw"), ("E", "worker", None), ("B", "main", "main"), ("f", "main", "throw"), ("i", "main", "throw")],
        ("E", "main", None),
    ]


def test_slices_are_closed_and_times_rise(path):
    def body():
        for _ in range(20):
            hand_over()

    with record(path):
        greenlets = [greenlet(body) for _ in range(5)]
        for _ in range(21):
            for g in greenlets:
                g.switch()
    events, _ = read(path)
    timed = [e for e in events if e["ph"] != "M"]
    assert [e["ts"] for e in timed] == sorted(e["ts"] for e in timed)
    begun = []
    for e in timed:
        if e["ph"] == "B":
            assert not begun
            begun.append(e["tid"])
        elif e["ph"] == "E":
            assert begun.pop() == e["tid"]
    assert not begun
    arrows = [[e["id"] for e in timed if e["ph"] == end] for end in "sf"]
    assert arrows[0] == arrows[1] == list(range(1, 5 * 21 * 2 + 1))


def test_tracks_have_names(path):
    with record(path, name="my thread"):
        greenlets = [named(hand_over, 'a "name" \u00fc'), greenlet(hand_over), greenlet(getcurrent().switch)]
        for g in greenlets:
            g.switch()
    events, names = read(path)
    assert list(names.values()) == ["main", 'a "name" \u00fc', "hand_over", "greenlet.switch"]
    assert [e["args"]["name"] for e in events if e.get("name") == "process_name"] == ["my thread"]


def test_one_that_gets_a_dead_ones_address_has_a_track_of_its_own(path):
    with record(path):
        for n in range(50):
            named(lambda: None, f"number {n}").switch()
    _, names = read(path)
    assert list(names.values())[1:] == [f"number {n}" for n in range(50)]


def test_a_switch_to_itself_is_a_mark(path):
    with record(path):
        getcurrent().switch()
    events, names = read(path)
    assert steps(events, names) == [("B", "main", "main"), ("i", "main", "switch"), ("E", "main", None)]


def test_the_last_events_are_kept(path):
    def body():
        while True:
            hand_over()

    with record(path, events=10):
        g = greenlet(body)
        for _ in range(100):
            g.switch()
    events, _ = read(path)
    lost = [e for e in events if "lost" in e.get("args", {})]
    assert lost[0]["name"] == "192 events lost" and lost[0]["args"] == {"lost": 192}
    assert 1 < len([e for e in events if e["ph"] == "B"]) <= 10


def test_other_threads_take_part(path):
    def work():
        with recording.thread("helper"):
            named(lambda: None, "inside").switch()

    with record(path, name="first") as recording:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        named(lambda: None, "outside").switch()
    events, names = read(path)
    assert names == {(1, 1): "main", (1, 4): "outside", (2, 2): "main", (2, 3): "inside"}
    assert [e["args"]["name"] for e in events if e.get("name") == "process_name"] == ["first", "helper"]


def test_what_was_recorded_is_written_when_the_block_fails(path):
    with pytest.raises(ZeroDivisionError):
        with record(path):
            greenlet(lambda: 1 / 0).switch()
    events, names = read(path)
    assert ("i", names[1, 2], "end") in steps(events, names)


def test_a_block_may_end_in_another_greenlet_than_it_began(path):
    def body():
        with record(path):
            hand_over()

    g = greenlet(body)
    g.switch()
    named(lambda: None, "between").switch()
    g.switch()
    _, names = read(path)
    assert "between" in names.values()


def test_what_cannot_be_recorded_is_refused(path, tmp_path):
    with pytest.raises(ValueError):
        with record(path, events=0):
            pass
    with pytest.raises(OSError):
        with record(tmp_path / "no folder" / "file"):
            pass
