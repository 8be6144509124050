# SPDX-License-Identifier: MIT
"""Where Python's greenlet (3.5.6) crashes, leaks, or does what its documentation does not say: each of these fails there."""

import gc
import os
import sys
import threading
import time
import weakref

import pytest

import libgreenlet
from libgreenlet import GreenletExit, error, getcurrent, greenlet, settrace

pytestmark = pytest.mark.usefixtures("stack")


def hand_over(value=None):
    return getcurrent().parent.switch(value)


class Thing:
    """Something that can be referred to weakly."""


def test_a_cycle_through_a_suspended_greenlet_is_collected():
    """It leaks there: its collector does not look into greenlets that wait."""

    def body():
        me = getcurrent()
        thing = Thing()
        references.append(weakref.ref(thing))
        try:
            hand_over()
        finally:
            ended.append(me is getcurrent())

    references, ended = [], []
    for _ in range(3):
        greenlet(body).switch()
    gc.collect()
    assert ended == [True] * 3
    assert [reference() for reference in references] == [None] * 3


def test_a_suspended_greenlet_that_refers_to_itself_is_collected():
    def body():
        try:
            hand_over()
        finally:
            ended.append(1)

    ended = []
    g = greenlet(body)
    g.myself = g
    g.switch()
    del g
    gc.collect()
    assert ended == [1]


def test_one_in_use_elsewhere_is_not_collected():
    """What is on a C stack is seen by nobody, and must not be taken for garbage."""

    def body():
        me = getcurrent()  # noqa: F841
        return max([1], key=lambda _: hand_over())

    kept = greenlet(body)
    kept.switch()
    only_in_a_frame = greenlet(hand_over)
    only_in_a_frame.switch()
    for _ in range(3):
        gc.collect()
    assert not kept.dead and kept.switch(5) == 1
    assert only_in_a_frame.switch("still") == "still"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="what a caller has pushed for a call under way is unknown there, and lost")
def test_a_thread_that_ends_releases_what_its_greenlets_hold():
    """Variables leak there when somebody keeps the greenlet. It is not unwound, as its thread cannot run any more, nor is it here."""

    def body(given):
        things = [Thing(), given]
        references.extend(map(weakref.ref, things))
        try:
            inner()
        finally:
            kept.append("unwound")

    def inner():
        thing = Thing()
        references.append(weakref.ref(thing))
        hand_over()

    def work():
        g = greenlet(body)
        g.switch(Thing())
        kept.append(g)

    kept, references = [], []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    while os.path.exists(f"/proc/self/task/{thread.native_id}"):
        time.sleep(0.001)
    assert kept.pop().dead
    for _ in range(3):
        greenlet(lambda: None).switch()
        gc.collect()
    assert kept == [] and [reference() for reference in references] == [None] * 3


def test_no_greenlet_exit_is_lost_or_rises_elsewhere_when_another_thread_drops():
    """There the queue of other threads is emptied in the midst of a switch: 140 of 4,000 were lost under load."""
    count = 4_000
    ended, wrong, queue = [], [], []
    finished = threading.Event()

    def body(number):
        try:
            hand_over()
        except GreenletExit:
            ended.append(number)
            raise

    def innocent():
        try:
            while True:
                hand_over()
        except BaseException as risen:  # noqa: B036
            if not over:
                wrong.append(risen)

    def drop():
        while not finished.is_set() or queue:
            if queue:
                queue.pop()

    over = []
    dropper = threading.Thread(target=drop)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        dropper.start()
        others = [greenlet(innocent) for _ in range(5)]
        for number in range(count):
            g = greenlet(body)
            g.switch(number)
            queue.append(g)
            del g
            for other in others:
                other.switch()
        finished.set()
        dropper.join()
    finally:
        sys.setswitchinterval(before)
    greenlet(lambda: None).switch()
    assert not wrong and sorted(ended) == list(range(count))
    over.append(True)


def test_a_finalizer_that_was_put_off_may_switch(program):
    """There Python 3.13.0 crashes: the list of what is to be deallocated later is counted as a reference."""
    assert program("""
        from libgreenlet import greenlet, getcurrent
        class Node:
            def __init__(self, inner):
                self.inner = inner
            def __del__(self):
                if getcurrent().parent:
                    getcurrent().parent.switch()
        def body():
            node = None
            for _ in range(1000):
                node = (Node(node),)
            node = None
            return "done"
        greenlets = [greenlet(body) for _ in range(3)]
        while any(not g.dead for g in greenlets):
            for g in greenlets:
                if not g.dead:
                    g.switch()
        print("alive")
    """).split() == ["alive"]


def test_a_tracer_that_raises_at_a_start_is_an_error_in_the_greenlet():
    """Its error takes the place of the transfer, there as here; what waits elsewhere is as it was."""

    def tracer(event, greenlets):
        raise KeyError("from the tracer")

    def body():
        ran.append(1)

    ran = []
    waiting = greenlet(hand_over)
    waiting.switch()
    g = greenlet(body)
    settrace(tracer)
    with pytest.raises(KeyError, match="from the tracer"):
        g.switch()
    assert libgreenlet.gettrace() is None
    assert g.dead and not ran
    assert waiting.switch("still") == "still"


def test_starts_in_starts_go_deep():
    """There each start takes the starter's C depth along; 480 work."""

    def nest(depth):
        return greenlet(nest).switch(depth - 1) if depth else "bottom"

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(2_000)
    try:
        assert greenlet(nest).switch(480) == "bottom"
    finally:
        sys.setrecursionlimit(before)


def test_long_families_are_made_in_linear_time():
    """There each new greenlet walks the whole chain of its parents."""
    parent = getcurrent()
    for _ in range(50_000):
        parent = greenlet(None, parent)
    chain = 0
    while parent.parent is not None:
        parent = parent.parent
        chain += 1
    assert chain == 50_000


def test_an_unstarted_family_of_great_length_is_released():
    parent = getcurrent()
    for _ in range(100_000):
        parent = greenlet(None, parent)
    last = weakref.ref(parent)
    del parent
    assert last() is None


def test_the_same_holds_for_dead_ones():
    parent = getcurrent()
    for _ in range(20_000):
        g = greenlet(lambda: None)
        g.switch()
        g.parent = parent
        parent = g
    last = weakref.ref(parent)
    del parent, g
    assert last() is None


def test_arguments_are_not_lost_when_a_kill_comes_in_between():
    """The one that switches loses its own last reference by that switch."""

    def body():
        box.clear()
        main.switch("the value")

    main = getcurrent()
    box = [greenlet(body)]
    assert box[0].switch() == "the value"


def test_a_switch_to_another_thread_leaves_arguments_and_errors_alone():
    g = greenlet(hand_over)
    g.switch()
    failures = []

    def work():
        for refused in (lambda: g.switch(1, key=2), lambda: g.throw(KeyError("lost")), lambda: greenlet(None, g).switch()):
            try:
                refused()
            except BaseException as failure:  # noqa: B036
                failures.append(type(failure))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures[:2] == [error, error]
    assert g.switch("untouched") == "untouched"


def test_a_context_is_not_shared_by_a_greenlet_that_starts_another():
    import contextvars

    variable = contextvars.ContextVar("variable", default=None)

    def outer():
        variable.set("outer's")
        return greenlet(variable.get).switch(), variable.get()

    assert greenlet(outer).switch() == (None, "outer's")


def test_one_that_has_been_an_ancestor_by_way_of_an_unstarted_one_can_be_killed():
    """Only the unstarted one's parent changes, and who is below it has another ancestor by that."""

    def body():
        try:
            hand_over()
        finally:
            ended.append(1)

    def child():
        main.switch()
        box.clear()
        main.switch(len(ended))

    main, ended = getcurrent(), []
    box = [greenlet(body)]
    box[0].switch()
    unstarted = greenlet(len, box[0])
    g = greenlet(child, unstarted)
    g.switch()
    unstarted.parent = main
    assert g.switch() == 1


def test_one_may_become_the_parent_of_one_that_was_its_ancestor():
    def body():
        main.switch()

    main = getcurrent()
    above, below = greenlet(body), greenlet(body)
    above.switch()
    unstarted = greenlet(body, above)
    below.parent = unstarted
    below.switch()
    unstarted.parent = main
    above.parent = below
    with pytest.raises(ValueError, match="cyclic"):
        unstarted.parent = above
