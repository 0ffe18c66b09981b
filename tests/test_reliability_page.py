"""docs/reliability.md names tests that exist, and every test of tests/reliability/ that keeps a promise is in it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8"))


def _tests_of(file: str) -> list[str]:
    return re.findall(r"^def (test_\w+)\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_test_that_the_page_names_exists() -> None:
    assert len(NAMED) > 30
    assert [f"{file}::{name}" for file, name in NAMED if name not in _tests_of(file)] == []


def test_every_fault_that_is_tested_is_on_the_page() -> None:
    files = sorted((ROOT / "tests" / "reliability").glob("test_*.py"))
    assert len(files) >= 6
    for path in files:
        assert {name for file, name in NAMED if file.endswith(f"/{path.name}")}, path.name
