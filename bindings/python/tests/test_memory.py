# SPDX-License-Identifier: MIT
"""What happens when there is no memory."""

import os
import platform
import shlex
import subprocess
import sysconfig
from pathlib import Path

import pytest
from conftest import Python

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="its allocator is replaced")


@pytest.fixture(scope="session")
def failing_allocator(tmp_path_factory):
    library = tmp_path_factory.mktemp("memory") / "memory_fails.so"
    compiler = shlex.split(sysconfig.get_config_var("CC"))
    flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Wl,--no-as-needed"]
    source = Path(__file__).parent / "memory_fails.c"
    # With libstdc++, whose thread-local data are there from the start then: glibc ends a program that has no memory for them.
    subprocess.run([*compiler, *flags, source, "-lstdc++", "-o", library], check=True)
    return library


def test_a_first_use_that_fails_leaves_nothing_behind(failing_allocator):
    """Every allocation of a thread's first call fails once in a while: it is a MemoryError, nothing leaks, and a later call succeeds."""
    python = Python()
    python.environment = {**python.environment, "LD_PRELOAD": os.fspath(failing_allocator), "PYTHONMALLOC": "malloc"}
    source = """if True:
        import ctypes
        from libgreenlet import _greenlet, getcurrent

        allocator = ctypes.CDLL(None)
        fail_after, blocks_in_use = allocator.fail_after, allocator.blocks_in_use

        def attempt(allocations):
            try:
                fail_after(allocations)
                getcurrent()
                return True
            except MemoryError:
                return False
            finally:
                fail_after(-1)

        allocations = 0
        while not attempt(allocations):
            attempt(allocations)
            mains, before = _greenlet.get_total_main_greenlets(), blocks_in_use()
            if any([attempt(allocations) for _ in range(40)]):
                break
            grown = blocks_in_use() - before
            assert grown < 20 and _greenlet.get_total_main_greenlets() == mains, (allocations, grown)
            allocations += 1
        print(allocations, getcurrent() is getcurrent(), getcurrent().parent)
    """
    failing, *rest = python("-c", source).split()
    assert int(failing) >= 3 and rest == ["True", "None"]
