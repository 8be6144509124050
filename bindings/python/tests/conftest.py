# SPDX-License-Identifier: MIT
import importlib.util
import os
import shlex
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

import pytest

import libgreenlet
import libgreenlet.as_greenlet  # noqa: F401  for extension modules, which ask for `greenlet`

HERE = Path(__file__).parent
KINDS = ["private", "shared", "thread"]


def pytest_addoption(parser):
    parser.addoption(
        "--every-stack", action="store_true", help="programs in processes of their own on every kind of stack, not on one alone"
    )


def pytest_generate_tests(metafunc):
    if "stack" in metafunc.fixturenames:
        once = "program" in metafunc.fixturenames and not metafunc.config.getoption("every_stack")
        metafunc.parametrize("stack", ["shared"] if once else KINDS, indirect=True)


def pytest_terminal_summary(terminalreporter):
    """The line that ./dev counts by."""
    count = {kind: len(terminalreporter.stats.get(kind, [])) for kind in ("passed", "failed", "error", "skipped", "xfailed")}
    terminalreporter.write_line(
        f"{count['passed']} passed, {count['failed'] + count['error']} failed, {count['skipped'] + count['xfailed']} skipped"
    )


class Python:
    """Starts interpreters, for what needs a process of its own. `path` is their PYTHONPATH."""

    def __init__(self, executable=sys.executable, path=None):
        self.executable = str(executable)
        self.environment = {**os.environ, "PYTHONPATH": path if path is not None else os.environ.get("PYTHONPATH", "")}

    def __call__(self, *arguments, fails=False, **options):
        """Runs `python ARGUMENTS`; returns what it printed. It must succeed, or fail if `fails` says so."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": 120, "env": self.environment, **options}
        done = subprocess.run([self.executable, *map(str, arguments)], **options)
        assert bool(done.returncode) == fails, f"{arguments} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout


@pytest.fixture
def python():
    """python("-c", code): runs this interpreter, with libgreenlet, and PyPI's greenlet as `greenlet`."""
    return Python()


@pytest.fixture
def stack(request):
    """The kind of stack that greenlets of the test get: `pytestmark = pytest.mark.usefixtures("stack")` runs a module's tests on each."""
    libgreenlet.set_stack(request.param)
    yield request.param
    libgreenlet.set_stack("shared")  # as it is without a word


@pytest.fixture
def program(python, stack):
    """program(source): runs it in an interpreter of its own, with greenlets on that kind of stack; returns what it printed, on stderr too."""

    def run(source, *options, **how):
        return python(*options, "-c", f"import libgreenlet; libgreenlet.set_stack({stack!r})\n{textwrap.dedent(source)}", **how)

    return run


def compile_module(source, include, folder):
    """Compiles an extension module from one file; returns its path. `include` is where greenlet/greenlet.h is."""
    module = folder / (source.stem + sysconfig.get_config_var("EXT_SUFFIX"))
    compiler = shlex.split(sysconfig.get_config_var("CXX" if source.suffix == ".cpp" else "CC"))
    flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-I", sysconfig.get_path("include"), "-I", include]
    subprocess.run([*compiler, *flags, source, "-o", module], check=True)
    return module


@pytest.fixture(scope="session")
def native(tmp_path_factory):
    """The extension module of native.cpp."""
    path = compile_module(HERE / "native.cpp", libgreenlet.get_include(), tmp_path_factory.mktemp("native"))
    spec = importlib.util.spec_from_file_location("native", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
