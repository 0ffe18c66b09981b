"""Where things are kept that can be made again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlpcli.data.cache import cache_folder
from mlpcli.errors import UserError


def test_the_variable_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path / "캐시"))
    assert cache_folder("images") == tmp_path / "캐시" / "images"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLPCLI_CACHE", "here")
    assert cache_folder("tables") == tmp_path / "here" / "tables"
    assert not (tmp_path / "here").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME is Linux's")
def test_without_it_the_system_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLPCLI_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("images") == tmp_path / "mlpcli" / "images"


def test_the_home_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLPCLI_CACHE", "~nobody-of-that-name/cache")
    with pytest.raises(UserError) as caught:
        cache_folder("images")
    assert str(caught.value) == (
        "~nobody-of-that-name/cache: no such home folder, but MLPCLI_CACHE is set to it; correct MLPCLI_CACHE"
    )
