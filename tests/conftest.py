"""Fixtures for all tests: the real data, small configs, the command line in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts a job in the background has it ignore Ctrl-C, which is inherited; the tests send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
DATA_VARIABLE = "MLPCLI_TEST_DATA"

RunCommand = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets (mnist/, fashion-mnist/, tabular/ ...); skips where there is none."""
    places = [Path(os.environ[DATA_VARIABLE])] if DATA_VARIABLE in os.environ else []
    for place in (*places, ROOT.parent / "shared" / "data"):
        if (place / "mnist").is_dir():
            return place
    pytest.skip(f"real data sets not found; set {DATA_VARIABLE} to a folder that holds mnist/ and fashion-mnist/")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoded pictures and tables of a test are kept in its own folder, never in the user's."""
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[..., Path]:
    """Writes a text (or bytes) to a config file in the test's folder."""

    def write(content: str | bytes, name: str = "my.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def mlpcli(tmp_path: Path) -> RunCommand:
    """Runs `mlpcli ARGS..` as a user would, in the test's folder; keyword arguments are environment variables."""

    def run(*arguments: str | Path, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mlpcli", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        return subprocess.run(
            command, cwd=cwd or tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=300
        )

    return run


@pytest.fixture
def mlpcli_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunCommand:
    """The same in the process of the tests, which takes hundredths of a second; a traceback fails the test."""
    from mlpcli.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MPLBACKEND", raising=False)  # which main would take away from the other tests

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), out, err)

    return run
