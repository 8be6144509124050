# SPDX-License-Identifier: MIT
"""Rule 23: what compiled code below a switch has of its own. The extension module is native.cpp."""

import pytest

from libgreenlet import getcurrent, greenlet

pytestmark = pytest.mark.usefixtures("stack")


def test_errno_is_kept_across_a_switch(native):
    def body():
        while True:
            try:
                open("/nowhere/at/all")  # sets errno
            except FileNotFoundError:
                main.switch()

    main = getcurrent()
    other = greenlet(body)
    other.switch()
    assert [native.errno_after_switch(other, number) for number in (0, 5, 110)] == [0, 5, 110]


def test_each_greenlet_has_its_errno(native):
    def body(number):
        return native.errno_after_switch(main, number)

    main = getcurrent()
    greenlets = [greenlet(body) for _ in range(20)]
    for number, g in enumerate(greenlets):
        g.switch(number)
    assert [g.switch() for g in greenlets] == list(range(20))


def test_a_cxx_exception_is_handled_across_a_switch(native):
    """Two greenlets, each inside a catch block, switch in an order that is not that of a stack."""
    main = getcurrent()
    first = greenlet(lambda: native.while_handling("first", main.switch))
    second = greenlet(lambda: native.while_handling("second", main.switch))
    first.switch()
    second.switch()
    assert native.while_handling("main's", lambda: None) == "main's"
    assert first.switch() == "first"
    assert second.switch() == "second"


def test_catch_blocks_nest_with_switches(native):
    def body(depth):
        if depth:
            return native.while_handling(str(depth), lambda: body(depth - 1))
        return main.switch()

    main = getcurrent()
    greenlets = [greenlet(body) for _ in range(10)]
    for depth, g in enumerate(greenlets):
        g.switch(depth + 1)
    assert [g.switch() for g in greenlets[::2] + greenlets[1::2]] == [str(d) for d in (1, 3, 5, 7, 9, 2, 4, 6, 8, 10)]


def test_uncaught_exceptions_are_counted_for_each_greenlet(native):
    main = getcurrent()
    g = greenlet(native.while_unwinding)
    g.switch(main.switch)
    assert native.uncaught_exceptions() == 0
    other = greenlet(native.uncaught_exceptions)
    assert other.switch() == 0
    assert g.switch() == (1, 1)


def test_an_error_crosses_cxx_frames_below_a_switch(native):
    main = getcurrent()
    g = greenlet(lambda: native.through_frames(main.switch))
    g.switch()
    with pytest.raises(KeyError, match="thrown in"):
        g.throw(KeyError("thrown in"))
    assert g.dead


def test_a_kill_unwinds_cxx_frames(native):
    unwound = []

    def body():
        try:
            native.through_frames(lambda: native.while_handling("handled", main.switch))
        finally:
            unwound.append(native.uncaught_exceptions())

    main = getcurrent()
    g = greenlet(body)
    g.switch()
    del g
    assert unwound == [0]
