# SPDX-License-Identifier: MIT
"""Each Python block of the guides runs, and prints what the text block behind it says; the example runs unchanged."""

import re

import pytest
from conftest import HERE

ROOT = HERE.parent
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n?```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def blocks():
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield pytest.param(found[1], found[2], id=f"{page.name}:{line}")


@pytest.mark.parametrize(("code", "printed"), blocks())
def test_a_block_runs(python, tmp_path, code, printed):
    if "sqlalchemy" in code or "gevent" in code:
        pytest.importorskip("gevent")
        pytest.importorskip("sqlalchemy")
    program = tmp_path / "block.py"
    program.write_text(code, encoding="utf-8")
    output = python(program, cwd=tmp_path)
    assert printed is None or output == printed


def test_the_example_runs_with_greenlet_and_with_libgreenlet(python):
    example = ROOT / "examples" / "two_greenlets.py"
    assert python(example) == "fun1 come\nfun2 come\nNone\n"
    assert python("-c", f"import runpy, libgreenlet.as_greenlet; runpy.run_path({str(example)!r})") == "fun1 come\nfun2 come\nNone\n"
