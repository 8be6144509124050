# SPDX-License-Identifier: MIT
"""Forks, signals, subinterpreters, and being imported where it cannot be (rule 20)."""

import sys

import pytest

from libgreenlet import getcurrent, greenlet

pytestmark = [pytest.mark.usefixtures("stack"), pytest.mark.skipif(sys.platform == "win32", reason="about Unix")]

PREFIX = """
import os, signal, sys, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
from libgreenlet import greenlet, getcurrent, GreenletExit, error
def hand_over(value=None):
    return getcurrent().parent.switch(value)
def waits():
    g = greenlet(hand_over)
    g.switch()
    return g
def wait_for(pid):
    _, status = os.waitpid(pid, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
    print("child", code, flush=True)
"""


def test_a_fork_in_main_keeps_the_tree(program):
    printed = program(
        PREFIX
        + """
g = waits()
pid = os.fork()
if pid == 0:
    assert g.switch("in the child") == "in the child" and g.dead
    assert greenlet(lambda: "new").switch() == "new"
    sys.exit(7)
wait_for(pid)
print(g.switch("in the parent"))
"""
    )
    assert printed.splitlines() == ["child 7", "in the parent"]


def test_a_fork_in_a_greenlet(program):
    printed = program(
        PREFIX
        + """
def body():
    pid = os.fork()
    hand_over(pid)
    return "went on"
g, other = greenlet(body), waits()
pid = g.switch()
if pid == 0:
    assert g.switch() == "went on" and other.switch("v") == "v"
    os._exit(5)
wait_for(pid)
print(g.switch(), other.switch("v"))
"""
    )
    assert printed.splitlines() == ["child 5", "went on v"]


def test_a_child_may_end_inside_a_greenlet(program):
    printed = program(
        PREFIX
        + """
def body():
    pid = os.fork()
    if pid == 0:
        sys.exit(6)
    wait_for(pid)
greenlet(body).switch()
"""
    )
    assert printed.splitlines() == ["child 6"]


def test_after_a_fork_other_threads_have_ended(program):
    """Python's greenlet calls them greenlets of "a different thread" for ever."""
    printed = program(
        PREFIX
        + """
def work():
    kept.append(waits())
    kept.append(getcurrent())
    ready.set()
    finish.wait()
kept, ready, finish = [], threading.Event(), threading.Event()
thread = threading.Thread(target=work)
thread.start()
ready.wait()
pid = os.fork()
if pid == 0:
    g, main = kept
    assert g.dead and main.dead and not g, (g, main)
    try:
        g.switch()
    except error as refused:
        assert "exited" in str(refused), refused
    else:
        os._exit(1)
    del g, main
    kept.clear()
    child = threading.Thread(target=lambda: kept.append(waits().switch("fresh")))
    child.start()
    child.join()
    assert kept == ["fresh"]
    sys.exit(4)
wait_for(pid)
print(kept[0].dead)
finish.set()
thread.join()
"""
    )
    assert printed.splitlines() == ["child 4", "False"]


def test_a_fork_in_a_thread(program):
    printed = program(
        PREFIX
        + """
def work():
    mine = waits()
    pid = os.fork()
    if pid == 0:
        assert mine.switch("mine") == "mine" and mains.dead
        os._exit(3)
    wait_for(pid)
mains = waits()
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(mains.switch("still"))
"""
    )
    assert printed.splitlines() == ["child 3", "still"]


def test_forks_of_forks(program):
    printed = program(
        PREFIX
        + """
g = waits()
def descend(depth):
    pid = os.fork()
    if pid == 0:
        if depth:
            greenlet(descend).switch(depth - 1)
        os._exit(0 if g.switch("v") == "v" else 1)
    wait_for(pid)
descend(3)
"""
    )
    assert printed.splitlines() == ["child 0"] * 4


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_from_a_greenlet(tmp_path, python, stack, method):
    (tmp_path / "work.py").write_text("""
import libgreenlet, multiprocessing, sys
from libgreenlet import greenlet, getcurrent
def square(n):
    g = greenlet(lambda: getcurrent().parent.switch(n) * n)
    return g.switch() and g.switch(n)
def body():
    with context.Pool(2) as pool:
        return pool.map(square, range(1, 6))
if __name__ == "__main__":
    libgreenlet.set_stack(sys.argv[1])
    context = multiprocessing.get_context(sys.argv[2])
    print(greenlet(body).switch())
""")
    assert python(tmp_path / "work.py", stack, method).splitlines()[-1] == "[1, 4, 9, 16, 25]"


def test_a_signal_handler_runs_in_the_current_greenlet(program):
    printed = program(
        PREFIX
        + """
def handler(number, frame):
    print(getcurrent() is g, frame.f_code.co_name)
def body():
    signal.raise_signal(signal.SIGUSR1)
    time.sleep(0)
signal.signal(signal.SIGUSR1, handler)
g = greenlet(body)
g.switch()
"""
    )
    assert printed.split() == ["True", "body"]


def test_a_signal_handler_may_switch(program):
    printed = program(
        PREFIX
        + """
def handler(number, frame):
    main.switch("from the handler")
def body():
    signal.raise_signal(signal.SIGUSR1)
    return "went on"
signal.signal(signal.SIGUSR1, handler)
main = getcurrent()
g = greenlet(body)
print(g.switch())
print(g.switch())
"""
    )
    assert printed.splitlines() == ["from the handler", "went on"]


def test_a_keyboard_interrupt_rises_where_control_is(program):
    printed = program(
        PREFIX
        + """
signal.signal(signal.SIGINT, signal.default_int_handler)
def body():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            time.sleep(0.01)
    except KeyboardInterrupt:
        print("in the greenlet")
        raise
other = waits()
try:
    greenlet(body).switch()
except KeyboardInterrupt:
    print("in its parent")
print(other.switch("others wait on"))
"""
    )
    assert printed.splitlines() == ["in the greenlet", "in its parent", "others wait on"]


def test_timer_signals_at_any_point_of_a_switch(program):
    """Handlers run between bytecodes, but the signals themselves come in the midst of jumps and copies."""
    printed = program(
        PREFIX
        + """
count = 0
def handler(number, frame):
    global count
    count += 1
    assert greenlet(lambda: 1).switch() == 1
def ring():
    while True:
        hand_over()
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
greenlets = [greenlet(ring) for _ in range(10)]
while count < 200:
    for g in greenlets:
        g.switch()
signal.setitimer(signal.ITIMER_REAL, 0)
print("done")
"""
    )
    assert printed.split() == ["done"]


def test_an_exception_from_a_signal_handler_at_any_point(program):
    printed = program(
        PREFIX
        + """
class Interrupted(Exception):
    pass
def handler(number, frame):
    raise Interrupted
def ring():
    while True:
        hand_over()
signal.signal(signal.SIGALRM, handler)
caught = 0
greenlets = []
while caught < 100:
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0005)
        while True:
            greenlets = [g for g in greenlets if g] or [greenlet(ring) for _ in range(10)]
            for g in greenlets:
                g.switch()
    except Interrupted:
        caught += 1
print("done")
"""
    )
    assert printed.split() == ["done"]


SUBINTERPRETERS = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"


@pytest.mark.parametrize("isolated", [False, True])
def test_a_subinterpreter_works_or_refuses(program, isolated):
    """Never a crash, and the main interpreter's greenlets go on."""
    if isolated and sys.version_info < (3, 12):
        pytest.skip("there are none before Python 3.12")
    kind = isolated if sys.version_info < (3, 13) else "'isolated'" if isolated else "'legacy'"
    how = kind if sys.version_info >= (3, 13) else f"isolated={isolated}"
    printed = program(
        PREFIX
        + f"""
import {SUBINTERPRETERS} as interpreters
g = waits()
code = '''
try:
    from libgreenlet import greenlet, getcurrent
    g = greenlet(lambda: getcurrent().parent.switch("in"))
    assert g.switch() == "in"
    print("works", flush=True)
except ImportError as refused:
    print("refuses", flush=True)
'''
for _ in range(3):
    one = interpreters.create({how})
    failed = interpreters.run_string(one, code)
    if failed:
        print(failed)
    interpreters.destroy(one)
    assert waits().switch("v") == "v"
print(g.switch("the main interpreter's goes on"))
"""
    )
    *answers, last = printed.splitlines()
    assert last == "the main interpreter's goes on"
    assert answers in (["works"] * 3, ["refuses"] * 3), printed


def test_a_module_of_another_name_is_the_same(program):
    """sys.modules may be emptied, and the shared object loaded again."""
    assert program("""
        import importlib, sys
        first = libgreenlet._greenlet
        for name in list(sys.modules):
            if name.startswith("libgreenlet"):
                del sys.modules[name]
        again = importlib.import_module("libgreenlet")
        first_one = first.greenlet(lambda: first.getcurrent().parent.switch(1))
        second_one = again.greenlet(lambda: again.getcurrent().parent.switch(2))
        print(first_one.switch(), second_one.switch(), again.greenlet is first.greenlet)
    """).split() == ["1", "2", "True"]


def test_pickled_work_does_not_carry_greenlets():
    import pickle

    with pytest.raises(TypeError):
        pickle.dumps({"g": greenlet(), "main": getcurrent()})
