"""Model files of 50 GB, of which the disk holds a few kilobytes, and one that would unpack to more than the memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import ModelFileError
from mlpcli.modelfile import container
from mlpcli.modelfile.saved_model import open_model
from mlpcli.workflows.summary import summary

SIZE = 50 << 30


@pytest.mark.parametrize("asked", [open_model, summary])
@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_a_swollen_model_is_refused_by_its_size(
    files: Any, tmp_path: Path, kind: str, asked: Callable[[Path], Any]
) -> None:
    path = getattr(files, kind)(tmp_path / f"model.{kind}")
    with open(path, "ab") as file:
        file.truncate(SIZE)
    with pytest.raises(ModelFileError) as caught:
        asked(path)
    assert str(caught.value) == (
        f"{path}: has 53,687,091,200 bytes, and model files of at most 8,589,934,592 are opened; restore it or train"
        " again"
    )


def test_a_member_larger_than_the_free_memory(files: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files.keras(tmp_path / "model.keras")
    monkeypatch.setattr(container, "MEMORY_ASKED_FROM", 0)
    monkeypatch.setattr(container, "available_memory", lambda: 2000)
    with pytest.raises(ModelFileError, match=r"its model\.weights\.h5 takes [0-9,]+ bytes of memory, and 2,000"):
        open_model(path)
    monkeypatch.setattr(container, "available_memory", lambda: None)
    open_model(path)
