"""docs/by-hand.md gives what it shows: its Python, and what `mlpcli trace` prints for its config."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mlpcli.cli.main import cli

PAGE = Path(__file__).resolve().parent.parent / "docs" / "by-hand.md"
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table and the config of the page, where its commands are typed."""
    for kind in ("csv", "yaml"):
        (text,) = (text for language, text in BLOCKS if language == kind)
        (tmp_path / f"tiny.{kind}").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def _run(examples: list[str], names: dict[str, Any]) -> str:
    """What was wrong; "" where every example gives what it shows."""
    parsed = doctest.DocTestParser().get_doctest("\n".join(examples), names, "by-hand", str(PAGE), 0)
    assert parsed.examples
    said: list[str] = []
    doctest.DocTestRunner().run(parsed, out=said.append, clear_globs=False)
    return "".join(said)


def test_its_python_gives_what_it_shows() -> None:
    examples = [text for language, text in BLOCKS if language == "python" and "import keras" not in text]
    assert len(examples) == 5
    assert _run(examples, {}) == ""


def test_the_table_is_what_the_command_prints() -> None:
    (shown,) = (text for _, text in BLOCKS if text.startswith("$ mlpcli trace"))
    command, _, expected = shown.partition("\n")
    printed = CliRunner().invoke(cli, command.removeprefix("$ mlpcli ").split())
    assert printed.output == expected


@pytest.mark.tf
def test_keras_gives_the_same() -> None:
    import numpy as np

    examples = [text for language, text in BLOCKS if language == "python" and "import keras" in text]
    assert _run(examples, {"np": np}) == ""
