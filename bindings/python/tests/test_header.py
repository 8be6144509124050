# SPDX-License-Identifier: MIT
"""greenlet's C interface: modules compiled with either header work with either package."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest
from conftest import HERE, compile_module

import libgreenlet

OURS, THEIRS = libgreenlet.get_include(), sysconfig.get_path("purelib")
CODE = """
import greenlet, extension as e

def show(call, *arguments):
    try:
        print(call.__name__, call(*arguments))
    except BaseException as error:
        print(call.__name__, type(error).__name__, error)

main = e.current()
print(main is greenlet.getcurrent(), e.names() == (greenlet.greenlet, greenlet.error, greenlet.GreenletExit, 0))
class Own(greenlet.greenlet):
    pass
def run(*values, **names):
    print("run", values, names)
    while True:
        try:
            values = main.switch(values)
        except KeyError as error:
            print("caught", repr(error))
g, own = e.make(run), Own(run)
print(type(g) is greenlet.greenlet, e.get_parent(g) is main, e.get_parent(main))
show(e.state, main), show(e.state, g), show(e.state, own), show(e.state, None)
show(e.switch, g, (1, 2), {"three": 4})
show(e.state, g)
show(e.switch, g), show(e.switch, g, (5,)), show(e.switch, g, (6, 7))
show(e.throw, g, KeyError), show(e.throw, g, KeyError, "text"), show(e.throw, g, KeyError("whole"), None, None)
show(e.throw, g, ValueError, "out of run")
show(e.state, g)
show(e.throw, g, greenlet.GreenletExit, "dead already")
show(e.switch, e.make(None))
child = e.make(run, own)
print(e.get_parent(child) is own)
show(e.set_parent, child, main), print(e.get_parent(child) is main)
show(e.set_parent, child, child), show(e.set_parent, main, child)
"""
EXPECTED = """\
True True
True True nobody
state (1, 1, 1)
state (0, 0, 0)
state (0, 0, 0)
state TypeError not a greenlet
run (1, 2) {'three': 4}
switch (1, 2)
state (0, 1, 1)
switch ()
switch 5
switch (6, 7)
caught KeyError()
throw (6, 7)
caught KeyError('text')
throw (6, 7)
caught KeyError('whole')
throw (6, 7)
throw ValueError out of run
state (0, 1, 0)
throw dead already
switch AttributeError run
True
set_parent None
True
set_parent ValueError cyclic parent chain
set_parent AttributeError cannot set the parent of a main greenlet
"""


@pytest.mark.parametrize("package", ["ours", "theirs"])
@pytest.mark.parametrize("header", [OURS, THEIRS], ids=["our header", "their header"])
def test_a_module_of_either_header_works_with_either_package(python, tmp_path, header, package):
    if not (Path(header) / "greenlet" / "greenlet.h").exists():
        pytest.skip("PyPI's greenlet is not installed")
    compile_module(HERE / "extension.c", header, tmp_path)
    code = ("import libgreenlet.as_greenlet\n" if package == "ours" else "") + CODE
    python.environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), python.environment["PYTHONPATH"]])
    assert python("-c", code) == EXPECTED


@pytest.mark.parametrize("compiler", [["cc", "-std=c11"], ["c++", "-x", "c++", "-std=c++11"]], ids=["C", "C++"])
def test_the_header_compiles_without_warnings(tmp_path, compiler):
    source = tmp_path / "use.c"
    source.write_text(
        "#include <greenlet/greenlet.h>\nint use(PyObject *o) { PyGreenlet_Import() return _PyGreenlet_API && PyGreenlet_Check(o); }\n"
    )
    python = ["-isystem", sysconfig.get_path("include")]
    subprocess.run([*compiler, "-Wall", "-Wextra", "-Werror", "-I", OURS, *python, "-c", source, "-o", tmp_path / "use.o"], check=True)


def test_both_headers_define_the_same(tmp_path):
    """Names of macros, and what the preprocessor makes of the struct."""
    if not (Path(THEIRS) / "greenlet" / "greenlet.h").exists():
        pytest.skip("PyPI's greenlet is not installed")

    def names(header):
        options = [
            "-E",
            "-dM",
            "-x",
            "c",
            "-I",
            header,
            "-isystem",
            sysconfig.get_path("include"),
            "-include",
            "greenlet/greenlet.h",
            os.devnull,
        ]
        defined = subprocess.run(["cc", *options], check=True, stdout=subprocess.PIPE, text=True).stdout
        return {
            line.split()[1].partition("(")[0]
            for line in defined.splitlines()
            if "reenlet" in line.split()[1] or "GREENLET" in line.split()[1]
        }

    assert names(OURS) == names(THEIRS)
