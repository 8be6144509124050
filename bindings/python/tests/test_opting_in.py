# SPDX-License-Identifier: MIT
"""Who is `greenlet`: as_greenlet, enable and disable, shim. PyPI's greenlet is installed beside libgreenlet in all of them."""

import __future__

import os
import shutil
import sysconfig
import venv
from pathlib import Path

import pytest
from conftest import Python

import libgreenlet
from libgreenlet.__main__ import SHIM

STANDS_FOR = "3.5.6"
WHO = "import greenlet, libgreenlet; print(greenlet.greenlet is libgreenlet.greenlet)"
TWO_GREENLETS = """
from greenlet import greenlet
def fun1(value):
    print(value)
    gr2.switch("fun2 come")
    print("never")
def fun2(value):
    print(value)
gr1, gr2 = greenlet(fun1), greenlet(fun2)
print(gr1.switch("fun1 come"))
"""


@pytest.fixture
def environment(tmp_path):
    """An environment that has libgreenlet, and sees what is installed here."""
    folder = tmp_path / "environment"
    venv.create(folder)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    shutil.copytree(Path(libgreenlet.__file__).parent, packages / "libgreenlet")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = Python(folder / "bin" / "python", path="")
    python.packages = packages
    return python


def test_nobody_is_opted_in_unasked(python):
    assert python("-c", WHO) == "False\n"


def test_the_example_runs_unchanged(python):
    assert python("-c", "import libgreenlet.as_greenlet\n" + TWO_GREENLETS) == "fun1 come\nfun2 come\nNone\n"


def test_as_greenlet_comes_first(python):
    assert python("-c", "import libgreenlet.as_greenlet;" + WHO) == "True\n"


def test_as_greenlet_twice_is_once(python):
    printed = python(
        "-c", "import libgreenlet.as_greenlet, sys; del sys.modules['libgreenlet.as_greenlet']; import libgreenlet.as_greenlet;" + WHO
    )
    assert printed == "True\n"


def test_as_greenlet_comes_too_late(python):
    printed = python("-c", "import greenlet, libgreenlet.as_greenlet", fails=True)
    assert "ImportError: greenlet is already imported, from " in printed
    assert os.path.join("site-packages", "greenlet", "__init__.py") in printed


def test_a_failed_opt_in_changes_nothing(python):
    code = (
        "import greenlet, sys\nbefore = list(sys.path)\ntry: import libgreenlet.as_greenlet\nexcept ImportError: print(sys.path == before)"
    )
    assert python("-c", code) == "True\n"


def test_an_import_hook_with_another_greenlet_is_told_of(python):
    code = """
import importlib.machinery, sys
class Hook:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, Hook) if name == "greenlet" else None
    @staticmethod
    def create_module(spec): return None
    @staticmethod
    def exec_module(module): pass
sys.meta_path.insert(0, Hook)
import libgreenlet.as_greenlet
"""
    assert "another greenlet first" in python("-c", code, fails=True)


def test_the_module_and_its_metadata_tell_the_version(python):
    code = "import libgreenlet.as_greenlet, greenlet, importlib.metadata as m; print(greenlet.__version__, m.version('greenlet'))"
    assert python("-c", code) == f"{STANDS_FOR} {STANDS_FOR}\n"


def test_requirements_of_those_who_build_on_it_hold(python):
    code = """
import libgreenlet.as_greenlet, importlib.metadata as m
from packaging.requirements import Requirement
for who in ("gevent", "SQLAlchemy"):
    wanted = [r for r in map(Requirement, m.requires(who)) if r.name == "greenlet"]
    assert wanted and all(r.specifier.contains(m.version("greenlet")) for r in wanted), who
"""
    assert python("-c", code) == ""


def test_the_inner_module_is_there_under_its_name(python):
    code = "import libgreenlet.as_greenlet; from greenlet._greenlet import _C_API as inner; import greenlet._greenlet, libgreenlet;"
    assert python("-c", code + "print(inner is libgreenlet._C_API)") == "True\n"


def test_all_names_of_greenlet_are_there(python):
    theirs = set(python("-c", "import greenlet; print(*dir(greenlet))").split()) - set(dir(__future__))
    ours = set(python("-c", "import libgreenlet.as_greenlet, greenlet; print(*dir(greenlet))").split())
    assert theirs <= ours


def test_processes_of_multiprocessing_have_it_too(python, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import libgreenlet.as_greenlet, multiprocessing, greenlet, libgreenlet\n"
        "def ask(queue): queue.put(greenlet.greenlet is libgreenlet.greenlet)\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    queue = context.Queue()\n"
        "    child = context.Process(target=ask, args=(queue,))\n"
        "    child.start(); print(queue.get()); child.join()\n"
    )
    assert python(program) == "True\n"


def test_enabled_until_disabled(environment):
    assert environment("-c", WHO) == "False\n"
    assert "greenlet is libgreenlet's now" in environment("-m", "libgreenlet", "enable")
    assert environment("-c", WHO) == "True\n"
    assert environment("-c", TWO_GREENLETS) == "fun1 come\nfun2 come\nNone\n"
    assert environment("-c", "import importlib.metadata as m; print(m.version('greenlet'))") == STANDS_FOR + "\n"
    assert "removed" in environment("-m", "libgreenlet", "disable")
    assert environment("-c", WHO) == "False\n"
    assert "not enabled" in environment("-m", "libgreenlet", "disable")


def test_enabled_costs_other_programs_nothing(environment):
    environment("-m", "libgreenlet", "enable")
    assert environment("-c", "import sys; print('libgreenlet' in sys.modules, 'greenlet' in sys.modules)") == "False False\n"


def test_enabled_and_then_uninstalled(environment):
    environment("-m", "libgreenlet", "enable")
    shutil.rmtree(environment.packages / "libgreenlet")
    assert environment("-c", "import greenlet; print(greenlet.__version__)").startswith("3.")


def test_enable_refuses_when_greenlet_is_imported_at_every_start(environment):
    (environment.packages / "aaa.pth").write_text(f"import sys; sys.path.append({sysconfig.get_path('purelib')!r}); import greenlet\n")
    assert "not enabled" in environment("-m", "libgreenlet", "enable", fails=True)
    assert not (environment.packages / "libgreenlet.pth").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_enable_without_the_right_to_write(environment):
    environment.packages.chmod(0o555)
    assert "Permission denied" in environment("-m", "libgreenlet", "enable", fails=True)


def test_a_shim_for_pythonpath(python, tmp_path):
    assert python("-m", "libgreenlet", "shim", tmp_path / "there") == f"PYTHONPATH={tmp_path / 'there'}\n"
    with_shim = Python(path=os.pathsep.join([str(tmp_path / "there"), os.environ["PYTHONPATH"]]))
    assert with_shim("-c", WHO) == "True\n"
    assert with_shim("-c", TWO_GREENLETS) == "fun1 come\nfun2 come\nNone\n"
    assert with_shim("-c", "import importlib.metadata as m; print(m.version('greenlet'))") == STANDS_FOR + "\n"
    assert (tmp_path / "there" / "greenlet" / "greenlet.h").read_bytes() == (SHIM / "greenlet" / "greenlet.h").read_bytes()


def test_a_shim_replaces_an_older_one(python, tmp_path):
    python("-m", "libgreenlet", "shim", tmp_path)
    (tmp_path / f"greenlet-{STANDS_FOR}.egg-info").rename(tmp_path / "greenlet-3.0.0.egg-info")
    python("-m", "libgreenlet", "shim", tmp_path)
    assert [path.name for path in tmp_path.glob("*.egg-info")] == [f"greenlet-{STANDS_FOR}.egg-info"]


def test_a_shim_overwrites_no_other_greenlet(python, tmp_path):
    package = tmp_path / "greenlet"
    package.mkdir()
    (package / "__init__.py").write_text("another = True\n")
    assert "is another's; nothing was written" in python("-m", "libgreenlet", "shim", tmp_path, fails=True)
    assert [path.name for path in tmp_path.iterdir()] == ["greenlet"]
    assert (package / "__init__.py").read_text() == "another = True\n"


def test_an_unknown_command_is_told_of(python):
    assert "usage: python -m libgreenlet" in python("-m", "libgreenlet", "bogus", fails=True)


def test_versions_agree():
    requirements = (Path(__file__).parent.parent / "requirements.txt").read_text()
    assert f"greenlet=={STANDS_FOR};" in requirements
    assert (SHIM / f"greenlet-{STANDS_FOR}.egg-info" / "PKG-INFO").read_text().splitlines()[2] == f"Version: {STANDS_FOR}"
