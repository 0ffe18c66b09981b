"""What the tests of the config share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlpcli.config.load_config import load_config
from mlpcli.config.schema import Config
from mlpcli.errors import ConfigError

Refusals = Callable[..., list[str]]
"""The problems of a text (with overrides), one string each, without the folder."""


@pytest.fixture
def refusals(write_config: Callable[..., Path]) -> Refusals:
    def collect(content: str | bytes, *overrides: str) -> list[str]:
        path = write_config(content)
        with pytest.raises(ConfigError) as caught:
            load_config(path, overrides)
        return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]

    return collect


@pytest.fixture
def read(write_config: Callable[..., Path]) -> Callable[..., Config]:
    """The checked config of a text (with overrides)."""

    def load(content: str | bytes, *overrides: str) -> Config:
        return load_config(write_config(content), overrides).config

    return load


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes empty files below a folder of Hangul that MLPCLI_DATA then names; returns the folder."""
    folder = tmp_path / "자료 [1]"
    folder.mkdir()
    monkeypatch.setenv("MLPCLI_DATA", str(folder))

    def make(*names: str) -> Path:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        return folder

    return make
