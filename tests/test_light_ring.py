"""The tests that are not marked tf are collected where TensorFlow and Keras are not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import is_marked

ROOT = Path(__file__).resolve().parent.parent
IMPORTS = """
import importlib, sys
import pytest
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except pytest.skip.Exception:
        pass  # an optional package that is not installed
    for heavy in {"tensorflow", "keras"} & set(sys.modules):
        sys.exit(f"{name} imports {heavy}")
"""


def test_collecting_the_light_ring_imports_neither_tensorflow_nor_keras(
    pytestconfig: pytest.Config, imported_by_collecting: list[str]
) -> None:
    if pytestconfig.option.markexpr == "not tf":
        assert imported_by_collecting == []
        return
    # Here the files that need TensorFlow as a whole were collected, too. A process of its own imports the others.
    files = [path for path in sorted((ROOT / "tests").rglob("test_*.py")) if not is_marked(path, "tf")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, *names], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert len(names) > 200
