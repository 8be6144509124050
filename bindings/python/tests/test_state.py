# SPDX-License-Identifier: MIT
"""Rule 23: what Python keeps for a thread, and each greenlet has of its own."""

import contextvars
import sys

import pytest

from libgreenlet import getcurrent, greenlet

pytestmark = pytest.mark.usefixtures("stack")

variable = contextvars.ContextVar("variable", default="unset")


def test_the_exception_being_handled_is_each_greenlets_own():
    def body():
        assert sys.exc_info() == (None, None, None)
        try:
            raise KeyError("the child's")
        except KeyError:
            main.switch()
            assert sys.exc_info()[1].args == ("the child's",)
            try:
                raise
            except KeyError as again:
                return again.args

    main = getcurrent()
    g = greenlet(body)
    try:
        raise ValueError("main's")
    except ValueError:
        g.switch()
        assert sys.exc_info()[1].args == ("main's",)
        assert g.switch() == ("the child's",)
        assert sys.exc_info()[1].args == ("main's",)
    assert sys.exc_info() == (None, None, None)


def test_a_thrown_exception_has_no_context_of_the_thrower():
    """What main handles is not what the greenlet handled when the throw arrived there."""

    def body():
        try:
            main.switch()
        except KeyError as error:
            return error.__context__

    main = getcurrent()
    g = greenlet(body)
    g.switch()
    try:
        raise ValueError
    except ValueError:
        assert g.throw(KeyError) is None


def test_nested_handlers_unwind_in_the_order_of_their_greenlet():
    def body(name):
        seen = []
        try:
            raise KeyError(name)
        except KeyError:
            try:
                raise ValueError(name)
            except ValueError as inner:
                main.switch()
                seen.append((inner.args, inner.__context__.args))
            main.switch()
            seen.append(sys.exc_info()[1].args)
        main.switch()
        seen.append(sys.exc_info()[1])
        return seen

    main = getcurrent()
    greenlets = [greenlet(body) for _ in range(5)]
    for number, g in enumerate(greenlets):
        g.switch(number)
    for _ in range(2):
        for g in reversed(greenlets):
            g.switch()
    assert [g.switch() for g in greenlets] == [[((n,), (n,)), (n,), None] for n in range(5)]


def test_a_new_greenlet_has_an_empty_context():
    variable.set("main's")
    assert greenlet(variable.get).switch() == "unset"
    assert variable.get() == "main's"


def test_context_variables_are_each_greenlets_own():
    def body(value):
        variable.set(value)
        main.switch()
        return variable.get()

    main = getcurrent()
    greenlets = [greenlet(body) for _ in range(10)]
    for number, g in enumerate(greenlets):
        g.switch(number)
    variable.set("main's")
    assert [g.switch() for g in greenlets] == list(range(10))
    assert variable.get() == "main's"


def test_a_context_can_be_given_and_taken():
    variable.set("copied")
    g = greenlet(lambda: (variable.get(), variable.set("changed"), main.switch()))
    main = getcurrent()
    g.gr_context = given = contextvars.copy_context()
    assert g.gr_context is given
    g.switch()
    assert given[variable] == "changed" and variable.get() == "copied"
    assert g.gr_context is given
    g.gr_context = None
    assert g.gr_context is None
    g.switch()
    with pytest.raises(TypeError):
        g.gr_context = 1
    with pytest.raises(AttributeError):
        del g.gr_context


def test_a_context_that_is_entered_stays_entered_across_switches():
    def body():
        context = contextvars.Context()
        context.run(variable.set, "within")
        context.run(main.switch)
        with pytest.raises(RuntimeError, match="already entered"):
            context.run(lambda: context.run(lambda: None))
        return context.run(variable.get), variable.get()

    main = getcurrent()
    variable.set("main's")
    g = greenlet(body)
    g.switch()
    assert variable.get() == "main's"
    assert g.switch() == ("within", "unset")


def test_cached_values_of_context_variables_are_not_another_greenlets():
    """get() caches by the version of the thread's context, which has to change with each switch."""

    def body(value):
        variable.set(value)
        while True:
            main.switch(variable.get())

    main = getcurrent()
    variable.set("main's")
    a, b = greenlet(body), greenlet(body)
    assert [a.switch("a"), b.switch("b")] == ["a", "b"]
    for _ in range(100):
        assert (a.switch(), b.switch(), variable.get()) == ("a", "b", "main's")
