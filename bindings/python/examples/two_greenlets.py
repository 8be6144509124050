# SPDX-License-Identifier: MIT
"""The example of every greenlet tutorial. fun2's end gives main its result; fun1 stays where it was."""

from greenlet import greenlet


def fun1(value):
    print(value)
    gr2.switch("fun2 come")
    print("fun1 end")


def fun2(value):
    print(value)


gr1 = greenlet(fun1)
gr2 = greenlet(fun2)
print(gr1.switch("fun1 come"))
