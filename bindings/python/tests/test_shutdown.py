# SPDX-License-Identifier: MIT
"""The interpreter ends, in every order, while greenlets are there (rule 19: exit is no thread's end, nothing is unwound)."""

import textwrap

import pytest

PREFIX = """
import atexit, gc, os, sys, threading
from libgreenlet import greenlet, getcurrent, GreenletExit, error
def hand_over(value=None):
    return getcurrent().parent.switch(value)
def waits():
    g = greenlet(hand_over)
    g.switch()
    return g
"""


@pytest.fixture
def ends(program):
    """Runs a program to its end, and gives the lines that it printed. Nothing may be printed about errors."""

    def run(source, *options, **how):
        lines = program(PREFIX + textwrap.dedent(source) + "\nprint('end of the program', flush=True)\n", *options, **how).splitlines()
        assert "end of the program" in lines and "Traceback" not in str(lines), lines
        return lines[lines.index("end of the program") + 1 :]

    return run


def test_suspended_ones_in_globals(ends):
    assert ends("all = [waits() for _ in range(10)]; one = waits()") == []


def test_suspended_ones_in_a_cycle(ends):
    ends("one = waits(); one.myself = one; module = sys.modules[__name__]; one.module = module")


def test_suspended_ones_in_modules_that_go_early_and_late(ends):
    ends("sys.greenlet = waits(); gc.greenlet = waits(); os.greenlet = waits(); import builtins; builtins.greenlet = waits()")


def test_unstarted_and_dead_ones(ends):
    assert ends("unstarted = greenlet(hand_over); dead = greenlet(lambda: None); dead.switch(); parent = greenlet(parent=unstarted)") == []


def test_one_that_survives_being_killed(ends):
    ends("""
        def body():
            while True:
                try:
                    hand_over()
                except GreenletExit:
                    pass
        stubborn = greenlet(body)
        stubborn.switch()
    """)


def test_a_finalizer_that_would_like_to_switch(ends):
    printed = ends("""
        class Switches:
            def __del__(self):
                try:
                    greenlet(lambda: print("ran")).switch()
                except Exception as failure:
                    print(type(failure).__name__)
        thing = Switches()
        cycle = [Switches()]
        cycle.append(cycle)
        sys.thing = Switches()
    """)
    assert set(printed) <= {"ran", "RuntimeError", "TypeError", "error"}


def test_a_finalizer_on_the_stack_of_one_that_waits(ends):
    ends("""
        class Notes:
            def __del__(self):
                getcurrent and print(getcurrent() is None)
        def body():
            thing = Notes()
            hand_over(thing)
        g = greenlet(body)
        g.switch()
    """)


def test_exit_functions_may_use_greenlets(ends):
    printed = ends("""
        one = waits()
        @atexit.register
        def first_registered():
            print("resumed", one.switch("value"))
        @atexit.register
        def last_registered():
            g = greenlet(lambda: hand_over("inside") or "returned")
            print(g.switch(), g.switch())
            kept.append(waits())
        kept = []
    """)
    assert printed == ["inside returned", "resumed value"]


def test_an_exit_function_that_runs_in_a_greenlet(ends):
    printed = ends("""
        g = greenlet(lambda: (atexit.register(lambda: print(getcurrent() is main)), hand_over()))
        main = getcurrent()
        g.switch()
    """)
    assert printed == ["True"]


def test_greenlets_first_used_in_an_exit_function(program):
    assert program("""
        import atexit
        atexit.register(lambda: print(libgreenlet.greenlet(lambda: 'ran').switch()))
    """).split() == ["ran"]


def test_the_end_comes_inside_a_greenlet(program):
    printed = program(
        PREFIX
        + """
def body():
    other = waits()
    try:
        sys.exit(0)
    finally:
        print("unwound")
outer = waits()
greenlet(body).switch()
print("not reached")
"""
    )
    assert printed.split() == ["unwound"]


def test_exit_status_from_a_greenlet(program):
    program(PREFIX + "greenlet(lambda: sys.exit(3)).switch()", fails=True)


def test_an_error_that_nobody_catches_in_a_greenlet(program):
    printed = program(PREFIX + "greenlet(lambda: 1 / 0).switch()", fails=True)
    assert "ZeroDivisionError" in printed and "<lambda>" in printed


def test_an_end_without_cleaning_up(program):
    program(PREFIX + "one = waits(); greenlet(lambda: os._exit(0)).switch()")


def test_daemon_threads_with_greenlets(ends):
    ends("""
        def work(number):
            greenlets = [greenlet(hand_over) for _ in range(5)]
            started.release()
            while True:
                for g in greenlets:
                    if not g:
                        g = greenlet(hand_over)
                    g.switch()
        started = threading.Semaphore(0)
        for number in range(4):
            threading.Thread(target=work, args=(number,), daemon=True).start()
            started.acquire()
    """)


def test_daemon_threads_that_wait_inside_greenlets(ends):
    ends("""
        def body():
            started.release()
            threading.Event().wait()
        def work():
            waiting = waits()
            greenlet(body).switch()
        started = threading.Semaphore(0)
        for _ in range(3):
            threading.Thread(target=work, daemon=True).start()
            started.acquire()
        one = waits()
    """)


def test_threads_that_outlive_the_main_one(ends):
    printed = ends("""
        def work():
            one = waits()
            threading.main_thread().join()
            os.write(1, f"{one.switch('worker on')}\\n".encode())
        for _ in range(3):
            threading.Thread(target=work).start()
    """)
    assert printed == ["worker on"] * 3


def test_thread_locals_with_greenlets(ends):
    ends("""
        local = threading.local()
        local.one = waits()
        def work():
            local.one = waits()
        for _ in range(5):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
    """)


def test_context_variables_with_greenlets(ends):
    ends("""
        import contextvars
        variable = contextvars.ContextVar("variable")
        def body():
            variable.set(waits())
            hand_over()
        g = greenlet(body)
        g.switch()
        variable.set(g)
    """)


def test_generators_that_wait_in_greenlets(ends):
    ends("""
        def numbers():
            try:
                hand_over()
                yield
            finally:
                pass
        generator = numbers()
        g = greenlet(lambda: next(generator))
        g.switch()
    """)


def test_weak_references_called_back_at_the_end(ends):
    ends("""
        import weakref
        one = waits()
        reference = weakref.ref(one, lambda _: greenlet)
        finalizer = weakref.finalize(one, lambda: greenlet(lambda: None).switch())
    """)


def test_tracers_at_the_end(ends):
    ends("""
        import libgreenlet
        seen = []
        libgreenlet.settrace(lambda *args: seen.append(args))
        one = waits()
        sys.settrace(lambda *args: None)
        sys.setprofile(lambda *args: None)
    """)


@pytest.mark.parametrize("options", [["-X", "dev"], ["-O"], ["-X", "tracemalloc"]])
def test_with_options(ends, options):
    ends("all = [waits() for _ in range(3)]", *options)


def test_imported_again_after_it_was_removed(ends):
    ends("""
        one = waits()
        for name in [name for name in sys.modules if name.startswith("libgreenlet")]:
            del sys.modules[name]
        try:
            import libgreenlet
        except ImportError:
            pass
        else:
            g = libgreenlet.greenlet(lambda: "ran")
            assert g.switch() == "ran"
    """)


def test_many_threads_switch_while_the_interpreter_ends(ends):
    """Daemon threads lose the interpreter at any point of a switch."""
    for _ in range(5):
        ends("""
            sys.setswitchinterval(1e-6)
            def work():
                def loop():
                    while True:
                        hand_over()
                greenlets = [greenlet(loop) for _ in range(3)]
                started.release()
                while True:
                    for g in greenlets:
                        g.switch()
            started = threading.Semaphore(0)
            for _ in range(8):
                threading.Thread(target=work, daemon=True).start()
            for _ in range(8):
                started.acquire()
        """)
