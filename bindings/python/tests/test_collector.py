# SPDX-License-Identifier: MIT
"""References, finalizers and the garbage collector (rules 16, 21, 22)."""

import gc
import os
import sys
import weakref

import pytest

from libgreenlet import GreenletExit, getcurrent, greenlet

pytestmark = pytest.mark.usefixtures("stack")


class Canary:
    """Notes its end."""

    def __init__(self, log, name="gone"):
        self.log, self.name = log, name

    def __del__(self):
        self.log.append(self.name)


@pytest.fixture
def eager_collector():
    before = gc.get_threshold()
    gc.set_threshold(1)
    yield
    gc.set_threshold(*before)


def hand_over(value=None):
    return getcurrent().parent.switch(value)


def test_locals_of_a_suspended_one_die_with_it():
    def body():
        canary = Canary(log)  # noqa: F841
        hand_over()

    log = []
    g = greenlet(body)
    g.switch()
    assert log == []
    del g
    assert log == ["gone"]


def test_what_was_sent_is_released():
    log = []

    def body():
        while True:
            hand_over()

    g = greenlet(body)
    g.switch()
    g.switch(Canary(log, "first"))
    g.switch(Canary(log, "second"), key=Canary(log, "third"))
    assert sorted(log) == ["first", "second", "third"]


def test_the_result_is_not_kept_by_the_dead():
    log = []
    g = greenlet(lambda: Canary(log))
    assert isinstance(g.switch(), Canary)
    assert log == ["gone"] and g.dead


def test_the_function_is_not_kept_by_the_dead():
    def body():
        pass

    g = greenlet(body)
    g.switch()
    reference = weakref.ref(body)
    del body
    assert reference() is None and g.dead


def test_a_cycle_of_unstarted_ones_is_collected():
    gc.collect()
    log = []
    a = greenlet()
    b = greenlet(parent=a)
    a.other, a.canary = b, Canary(log)
    del a, b
    gc.collect()
    assert log == ["gone"]


def test_a_cycle_of_dead_ones_is_collected():
    log = []
    g = greenlet(lambda: None)
    g.switch()
    g.myself, g.canary = g, Canary(log)
    del g
    gc.collect()
    assert log == ["gone"]


def test_finalizers_may_switch():
    class Switches:
        def __del__(self):
            log.append(hand_over("from __del__"))

    def body():
        thing = Switches()
        del thing
        return "went on"

    log = []
    g = greenlet(body)
    assert g.switch() == "from __del__"
    assert g.switch("back") == "went on"
    assert log == ["back"]


def test_finalizers_may_switch_while_the_collector_runs():
    """The collector's work waits with that greenlet; another one may ask for a collection meanwhile."""

    class Switches:
        def __init__(self):
            self.cycle = self

        def __del__(self):
            log.append(hand_over("from the collector"))

    def body():
        Switches()
        gc.collect()
        return "went on"

    log = []
    gc.collect()
    gc.disable()
    try:
        g = greenlet(body)
        assert g.switch() == "from the collector"
        gc.collect()
        assert g.switch("back") == "went on"
    finally:
        gc.enable()
    assert log == ["back"]


def test_a_kill_may_switch_on_its_way():
    def body():
        try:
            hand_over()
        except GreenletExit:
            log.append(hand_over("cleaning up"))
            raise

    log = []
    g = greenlet(body)
    g.switch()
    del g  # the value goes nowhere: the survivor waits again
    gc.collect()
    assert log == []


def test_a_finalizer_that_kills_another():
    def body(*keeps):
        try:
            hand_over()
        finally:
            log.append(len(keeps))

    log = []
    last = greenlet(body)
    last.switch()
    middle = greenlet(body)
    middle.switch(last)
    first = greenlet(body)
    first.switch(last, middle)
    del last, middle
    del first
    assert log == [2, 1, 0]


def test_resurrection_in_a_kill():
    def body():
        try:
            hand_over()
        except GreenletExit:
            kept.append(getcurrent())
            hand_over("survives")
            return "ends later"

    kept = []
    g = greenlet(body)
    g.switch()
    del g
    assert len(kept) == 1 and not kept[0].dead
    assert kept[0].switch() == "ends later"
    assert kept.pop().dead


def test_an_error_in_a_kill_is_reported(monkeypatch):
    def body():
        try:
            hand_over()
        finally:
            raise KeyError("nobody waits")

    reported = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: reported.append(repr(report.exc_value)))
    g = greenlet(body)
    g.switch()
    del g
    assert reported == ["KeyError('nobody waits')"]


def test_a_current_one_without_references_goes_on():
    """Rule 22."""

    def body():
        canary = Canary(log)
        main.switch()
        del canary

    log = []
    main = getcurrent()

    def drop_and_go():
        box.clear()
        hand_over()
        return "never"

    box = [greenlet(drop_and_go)]
    box[0].switch()
    gc.collect()
    assert box == []
    box = [greenlet(body)]
    box[0].switch()
    box.clear()
    assert log == ["gone"]


def test_a_dropped_family_ends_from_its_young_end():
    """Rule 16: a child keeps its parent, so the parent is the last to go."""

    def body(n):
        try:
            main.switch()
        finally:
            log.append(n)

    main, log, family = getcurrent(), [], []
    for n in range(5):
        family.append(greenlet(body, family[-1] if family else main))
        family[-1].switch(n)
    family.reverse()
    while family:
        family.pop()
    assert log == [4, 3, 2, 1, 0]


def test_collections_at_every_allocation(eager_collector):
    """Every kind of transfer, with the collector running in the middle of each."""

    def body(n):
        held = [Canary(log, n)]
        held.append(held)
        try:
            for turn in range(3):
                assert hand_over({"turn": turn}) == [n]
        except KeyError:
            return {"caught": n}
        return {"n": n}

    log = []
    for _ in range(5):
        greenlets = [greenlet(body) for _ in range(10)]
        for n, g in enumerate(greenlets):
            assert g.switch(n) == {"turn": 0}
        for n, g in enumerate(greenlets[:8]):
            assert g.switch([n]) == {"turn": 1}
        for n, g in enumerate(greenlets[:4]):
            assert g.throw(KeyError) == {"caught": n}
        assert [g.switch([n]) for n, g in enumerate(greenlets[4:6], 4)] == [{"turn": 2}] * 2
        del greenlets, g
        gc.collect()
    assert sorted(log) == sorted(list(range(10)) * 5)


def test_the_collector_may_run_while_stacks_are_away():
    """Objects that only a moved-out stack refers to are alive."""

    def body(n):
        local = [object() for _ in range(10)]
        table = {"again": local}
        value = hand_over()
        return value, len(local), table["again"] is local, n

    greenlets = [greenlet(body) for _ in range(50)]
    for n, g in enumerate(greenlets):
        g.switch(n)
        if n % 10 == 0:
            gc.collect()
    gc.collect()
    assert [g.switch("v") for g in greenlets] == [("v", 10, True, n) for n in range(50)]


def test_suspended_ones_are_seen_by_the_collector():
    """gevent finds greenlets this way."""
    g = greenlet(hand_over)
    g.switch()
    assert any(o is g for o in gc.get_objects())


def test_freezing_the_collectors_objects():
    greenlets = [greenlet(hand_over) for _ in range(10)]
    for g in greenlets:
        g.switch()
    gc.freeze()
    try:
        gc.collect()
        assert [g.switch(n) for n, g in enumerate(greenlets)] == list(range(10))
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("container", ["tuple", "list", "dict", "object"])
def test_deallocation_that_nests_deeply(container):
    """CPython puts off deallocation that nests deeply (its trashcan), and a switch may come in the middle of that."""

    class Node:
        __slots__ = ("next",)

    def wrap(inner):
        if container == "tuple":
            return (inner,)
        if container == "list":
            return [inner]
        if container == "dict":
            return {0: inner}
        node = Node()
        node.next = inner
        return node

    class Switches:
        def __del__(self):
            log.append(hand_over("deep"))

    def body():
        thing = Switches()
        for n in range(2000):
            thing = wrap((thing, Switches()) if n % 500 == 499 else thing)
        del thing
        return "all gone"

    log = []
    greenlets = [greenlet(body) for _ in range(3)]
    waiting = list(greenlets)
    for g in greenlets:
        g.switch()
    while waiting:
        for g in list(waiting):
            if g.switch("on") == "all gone":
                waiting.remove(g)
    gc.collect()
    assert log.count("on") == 15


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="asks Linux for the memory in use")
@pytest.mark.parametrize("ending", ["kill", "return", "throw", "unstarted"])
def test_memory_stays_flat(ending):
    """200,000 lives; what is used after the first 20,000 is what is used in the end."""

    def once():
        if ending == "unstarted":
            greenlet(hand_over)
            return 1
        g = greenlet(hand_over)
        g.switch()
        if ending == "return":
            g.switch()
        elif ending == "throw":
            try:
                g.throw(KeyError)
            except KeyError:
                pass
        return 1

    def lives(count):
        while count > 0:
            count -= once()

    lives(20_000)
    gc.collect()
    before = resident()
    lives(180_000)
    gc.collect()
    assert resident() - before < 2 << 20
