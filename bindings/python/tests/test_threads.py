# SPDX-License-Identifier: MIT
"""Greenlets and threads (rules 1, 17 to 19)."""

import gc
import os
import threading
import time
import weakref

import pytest

from libgreenlet import GreenletExit, error, getcurrent, greenlet

pytestmark = pytest.mark.usefixtures("stack")


def hand_over(value=None):
    return getcurrent().parent.switch(value)


def in_thread(function, *args):
    """Calls it in a thread of its own, and returns when that has ended, destructors and all."""
    result = []

    def run():
        try:
            result.append((function(*args), None))
        except BaseException as failure:  # noqa: B036  handed to the caller
            result.append((None, failure))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    while os.path.exists(f"/proc/self/task/{thread.native_id}"):
        time.sleep(0.001)
    value, failure = result.pop()
    if failure:
        raise failure
    return value


def test_each_thread_has_a_main_greenlet():
    """Rule 1."""
    main = in_thread(lambda: (getcurrent(), getcurrent() is getcurrent(), getcurrent().parent))
    assert main[0] is not getcurrent() and main[1:] == (True, None)
    assert main[0].dead


def test_a_greenlet_of_another_thread_is_refused():
    """Rules 9 and 17."""
    g = greenlet(hand_over)
    g.switch()
    with pytest.raises(error, match="different thread"):
        in_thread(g.switch)
    with pytest.raises(error, match="different thread"):
        in_thread(g.throw, KeyError)
    assert g.switch("still here") == "still here"


def test_a_thread_that_ends_lets_its_greenlets_die():
    """Kept elsewhere, they are dead, wherever they waited; what they held is released in time."""

    def body():
        hand_over()

    def work():
        for _ in range(10):
            g = greenlet(body)
            g.switch()
            kept.append(g)

    kept = []
    in_thread(work)
    assert all(g.dead and not g for g in kept)
    for g in kept:
        with pytest.raises(error, match="exited"):
            g.switch()
        with pytest.raises(error, match="exited"):
            g.throw()
        assert g.gr_frame is None or g.gr_frame.f_code is not None
        assert "dead" in repr(g)


def test_what_nobody_keeps_ends_with_its_thread():
    def body():
        try:
            hand_over()
        finally:
            ended.append(threading.get_ident())

    def work():
        local.g = greenlet(body)
        local.g.switch()
        return threading.get_ident()

    ended, local = [], threading.local()
    ident = in_thread(work)
    for _ in range(3):
        gc.collect()
        getcurrent()
    assert ended in ([], [ident])


def test_an_unstarted_one_of_an_ended_thread_is_refused():
    g = in_thread(greenlet, hand_over)
    with pytest.raises(error, match="exited"):
        g.switch()
    with pytest.raises(error, match="exited"):
        greenlet(hand_over, g).switch()


def test_an_unstarted_one_moves_with_its_parent():
    """Rule 15."""
    g = greenlet(lambda: getcurrent())

    def work():
        g.parent = getcurrent()
        return g.switch()

    assert in_thread(work) is g and g.dead


def test_a_started_one_stays():
    g = greenlet(hand_over)
    g.switch()

    def work():
        with pytest.raises(ValueError, match="different thread"):
            g.parent = getcurrent()
        child = greenlet()
        with pytest.raises(ValueError, match="different thread"):
            g.parent = child

    in_thread(work)
    assert g.parent is getcurrent() and g.switch("still") == "still"


def test_the_last_reference_may_go_in_another_thread():
    """Rule 18: the owner kills it, before its next switch."""

    def body():
        try:
            hand_over()
        except GreenletExit:
            ended.append(threading.get_ident())
            raise

    ended, box = [], [greenlet(body)]
    box[0].switch()
    in_thread(box.clear)
    assert ended == []
    greenlet(lambda: None).switch()
    assert ended == [threading.get_ident()]


def test_many_threads_drop_what_others_run():
    """Each GreenletExit rises where it belongs and nowhere else, however threads come in each other's way."""
    count, rounds = 4, 300
    exits, wrong, failures = [], [], []
    boxes = [[] for _ in range(count)]
    done = threading.Barrier(count)

    def body():
        try:
            hand_over()
        except GreenletExit:
            exits.append(threading.get_ident())
            raise
        wrong.append("resumed")

    def innocent():
        try:
            for _ in range(10):
                hand_over()
        except GreenletExit:
            wrong.append("rose in another")

    def work(number):
        try:
            for _ in range(rounds):
                g = greenlet(body)
                g.switch()
                boxes[(number + 1) % count].append(g)
                del g
                other = greenlet(innocent)
                while not other.dead:
                    other.switch()
                boxes[number].clear()
            done.wait()
            boxes[number].clear()
            done.wait()
            greenlet(lambda: None).switch()
        except BaseException as failure:  # noqa: B036
            failures.append(failure)
            done.abort()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and not wrong
    assert len(exits) == count * rounds


def test_threads_come_and_go_in_great_numbers():
    def work():
        greenlets = [greenlet(hand_over) for _ in range(5)]
        for g in greenlets:
            g.switch()
        greenlets[0].switch()
        references.append(weakref.ref(getcurrent()))

    references = []
    for _ in range(20):
        threads = [threading.Thread(target=work) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    deadline = time.monotonic() + 60
    while any(reference() is not None for reference in references) and time.monotonic() < deadline:
        time.sleep(0.01)
        gc.collect()
    assert sum(reference() is not None for reference in references) == 0


def test_a_thread_may_end_inside_a_greenlet():
    """Its function never returns; the interpreter ends the thread where it is."""

    def work():
        g = greenlet(lambda: main.switch("left"))
        main = getcurrent()
        return g.switch(), g

    value, g = in_thread(work)
    assert value == "left" and g.dead


def test_thread_locals_are_the_threads():
    """Rule 23 does not name them."""
    local = threading.local()
    local.value = "main's"

    def body():
        seen = local.value
        local.value = "set in the child"
        return seen

    assert greenlet(body).switch() == "main's"
    assert local.value == "set in the child"


def test_a_lock_is_held_across_switches():
    lock = threading.RLock()

    def body():
        with lock:
            hand_over()

    g = greenlet(body)
    g.switch()
    assert not in_thread(lambda: lock.acquire(blocking=False))
    g.switch()
    assert in_thread(lambda: lock.acquire(blocking=False) and (lock.release(), True)[1])


def test_the_interpreter_may_change_threads_at_any_time():
    """Four threads that switch all the time, with the interpreter's turns as short as they can be."""
    import sys

    def ring(turns):
        def body(number):
            total = 0
            while True:
                total += hand_over(number)

        greenlets = [greenlet(body) for _ in range(10)]
        for number, g in enumerate(greenlets):
            g.switch(number)
        for turn in range(turns):
            for number, g in enumerate(greenlets):
                assert g.switch(turn) == number

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    failures = []

    def work():
        try:
            ring(300)
        except BaseException as failure:  # noqa: B036
            failures.append(failure)

    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not failures
