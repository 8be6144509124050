# SPDX-License-Identifier: MIT
"""What debuggers, profilers and people see: tracebacks, frames, faulthandler, sys.settrace() and sys.setprofile()."""

import cProfile
import inspect
import pstats
import sys
import threading
import traceback

import pytest

from libgreenlet import getcurrent, greenlet

pytestmark = pytest.mark.usefixtures("stack")


def names(frames):
    return [frame.name for frame in frames]


def test_a_traceback_goes_on_where_the_error_is_delivered():
    def thrower():
        raise KeyError("here")

    def body():
        thrower()

    def outer():
        greenlet(body).switch()

    with pytest.raises(KeyError) as caught:
        outer()
    assert names(traceback.extract_tb(caught.value.__traceback__))[-3:] == ["outer", "body", "thrower"]


def test_a_throw_adds_the_frames_that_it_passes():
    def waits():
        main.switch()

    def body():
        waits()

    main = getcurrent()
    g = greenlet(body)
    g.switch()
    with pytest.raises(KeyError) as caught:
        g.throw(KeyError)
    assert names(traceback.extract_tb(caught.value.__traceback__))[-2:] == ["body", "waits"]


def test_a_traceback_can_be_thrown_along():
    def origin():
        raise KeyError("first here")

    try:
        origin()
    except KeyError as error:
        given = error

    def body():
        main.switch()

    main = getcurrent()
    g = greenlet(body)
    g.switch()
    with pytest.raises(KeyError) as caught:
        g.throw(KeyError, given, given.__traceback__)
    assert caught.value is given
    assert names(traceback.extract_tb(given.__traceback__))[-2:] == ["test_a_traceback_can_be_thrown_along", "origin"]


def test_the_stack_of_a_running_one_ends_at_its_run():
    def inner():
        return names(traceback.extract_stack())

    def body():
        return inner()

    assert greenlet(body).switch() == ["body", "inner"]


def test_frames_of_a_suspended_one():
    def inner(depth):
        local = depth
        if depth:
            return inner(depth - 1)
        main.switch()
        return local

    main = getcurrent()
    g = greenlet(inner)
    assert g.gr_frame is None
    g.switch(5)
    frame = g.gr_frame
    assert [f.frame.f_locals["local"] for f in inspect.getouterframes(frame)] == list(range(6))
    assert names(traceback.extract_stack(frame)) == ["inner"] * 6
    assert g.gr_frame is frame
    g.switch()
    assert g.gr_frame is None
    assert frame.f_locals["local"] == 0


def test_frames_survive_their_greenlet():
    def inner():
        main.switch()

    def body():
        inner()

    main = getcurrent()
    g = greenlet(body)
    g.switch()
    frame = g.gr_frame
    del g
    assert names(traceback.extract_stack(frame))[-1:] == ["inner"]
    frame.clear()


def test_frames_while_others_run_in_between():
    """Frames are looked at, and locals changed, while the greenlets' stacks may be moved away."""

    def body(n):
        for turn in range(10):
            main.switch((n, turn))

    main = getcurrent()
    greenlets = [greenlet(body) for _ in range(20)]
    for n, g in enumerate(greenlets):
        g.switch(n)
    for turn in range(9):
        assert [g.gr_frame.f_locals["turn"] for g in greenlets] == [turn] * 20
        assert all(g.gr_frame.f_back is None for g in greenlets)
        for g in greenlets:
            g.switch()


def test_current_frames_tells_the_running_greenlet():
    def body():
        return sys._current_frames()[threading.get_ident()]

    assert greenlet(body).switch().f_code is body.__code__


def test_faulthandler_prints_the_running_greenlet(program):
    printed = program("""
        import faulthandler
        from libgreenlet import greenlet, getcurrent
        def inner():
            faulthandler.dump_traceback()
        def body():
            inner()
        def waits():
            main.switch()
        main = getcurrent()
        other = greenlet(waits)
        other.switch()
        greenlet(body).switch()
        faulthandler.dump_traceback()
    """)
    lines = [line.split()[-1] for line in printed.splitlines() if line.startswith("  File")]
    assert lines == ["inner", "body", "<module>"]


def test_faulthandler_survives_a_crash_in_a_greenlet(program):
    printed = program(
        """
        import faulthandler, os, signal
        from libgreenlet import greenlet
        faulthandler.enable()
        def crash():
            os.kill(os.getpid(), signal.SIGSEGV)
        def body():
            crash()
        greenlet(body).switch()
        """,
        fails=True,
    )
    assert "Segmentation fault" in printed
    assert [line.split()[-1] for line in printed.splitlines() if line.startswith("  File")] == ["crash", "body"]


def test_tracing_is_the_threads():
    """As in CPython a trace function is the thread's, whichever greenlet set it."""

    def traced():
        main.switch()

    def trace(frame, event, arg):
        if frame.f_code in (traced.__code__, again.__code__):
            seen.append((frame.f_code.co_name, event))
        return trace

    def again():
        pass

    seen = []
    main = getcurrent()
    g = greenlet(traced)
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        g.switch()
        again()
        g.switch()
        again()
    finally:
        sys.settrace(before)
    assert seen == [
        ("traced", "call"),
        ("traced", "line"),
        *([("again", "call"), ("again", "line"), ("again", "return")]),
        ("traced", "return"),
        *([("again", "call"), ("again", "line"), ("again", "return")]),
    ]


def test_profiling_is_the_threads():
    def body():
        main.switch()

    def other():
        pass

    def profile(frame, event, arg):
        if frame.f_code in (body.__code__, other.__code__):
            seen.append((frame.f_code.co_name, event))

    seen = []
    main = getcurrent()
    g = greenlet(body)
    sys.setprofile(profile)
    try:
        g.switch()
        other()
        g.switch()
    finally:
        sys.setprofile(None)
    other()
    calls = [event for event in seen if event[1] in ("call", "return")]
    assert calls == [("body", "call"), ("other", "call"), ("other", "return"), ("body", "return")]


def test_a_profile_function_set_in_a_greenlet_stays_and_can_be_taken_back():
    def body():
        sys.setprofile(profile)
        main.switch()
        sys.setprofile(None)

    def profile(frame, event, arg):
        if frame.f_code is called.__code__:
            seen.append(event)

    def called():
        pass

    seen = []
    main = getcurrent()
    g = greenlet(body)
    g.switch()
    called()
    g.switch()
    called()
    assert seen == ["call", "return"] and sys.getprofile() is None


def test_tracing_another_thread_does_not_trace_this_one():
    def work():
        sys.settrace(lambda *_: seen.append(threading.get_ident()))
        greenlet(function).switch()
        sys.settrace(None)

    def function():
        pass

    seen = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    greenlet(function).switch()
    assert seen and set(seen) == {thread.ident}


def test_a_switch_inside_a_trace_function():
    def trace(frame, event, arg):
        if event == "call" and frame.f_code is called.__code__:
            main.switch("from the tracer")
        return None

    def called():
        return "called"

    def body():
        sys.settrace(trace)
        try:
            return called()
        finally:
            sys.settrace(None)

    main = getcurrent()
    g = greenlet(body)
    assert g.switch() == "from the tracer"
    sys.settrace(None)
    assert g.switch() == "called"


def test_a_profiler_counts_calls_in_greenlets():
    def counted():
        main.switch()

    def body():
        for _ in range(3):
            counted()

    main = getcurrent()
    profiler = cProfile.Profile()
    profiler.enable()
    g = greenlet(body)
    for _ in range(4):
        g.switch()
    profiler.disable()
    stats = {name: calls for (_, _, name), (calls, *_) in pstats.Stats(profiler).stats.items()}
    assert stats["counted"] == 3 and stats["body"] == 1


def test_the_frame_of_a_greenlet_that_waits_in_c():
    def body():
        return sorted([2, 1], key=lambda n: main.switch(n) or n)

    main = getcurrent()
    g = greenlet(body)
    g.switch()
    assert names(traceback.extract_stack(g.gr_frame)) == ["body", "<lambda>"]
    g.switch()
    assert g.switch() == [1, 2]
