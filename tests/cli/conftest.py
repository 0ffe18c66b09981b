"""A config that trains in a second, a finished run, and folders that must not change."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

DIGITS = """
name: 숫자
data: {source: digits, validation: 0.2, test: 0.2, limit: 600}
model: {hidden_units: [16]}
training: {epochs: 2}
output: {plots: []}
"""


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    path = tmp_path / "digits.yaml"
    path.write_text(DIGITS, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A run made by the command line with the NumPy engine, once for all tests, and what the command said."""
    from mlpcli.cli.main import main

    folder = tmp_path_factory.mktemp("finished")
    (folder / "digits.yaml").write_text(DIGITS, encoding="utf-8")
    command, out, err = ["train", "digits.yaml", "-s", "training.engine=numpy"], io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["mlpcli", *command])
        patch.delenv("MPLBACKEND", raising=False)  # as main would for all other tests
        with pytest.raises(SystemExit) as ended:
            main(command)
    assert not ended.value.code, err.getvalue()
    return folder / "runs" / "숫자", subprocess.CompletedProcess(command, 0, out.getvalue(), err.getvalue())


@pytest.fixture
def nothing_written() -> Callable[[Path], object]:
    """Within it a folder keeps its files, to the byte."""

    def content(folder: Path) -> dict[Path, bytes | None]:
        return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}

    @contextmanager
    def unchanged(folder: Path) -> Iterator[None]:
        before = content(folder)
        yield
        assert content(folder) == before

    return unchanged
