"""Pictures that the tests write for themselves, and a cache of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of decoded pictures, in the test's own folder."""
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "images"


@pytest.fixture
def picture(tmp_path: Path) -> Write:
    """Writes a picture of one colour, or of the pixels given, and returns its path."""

    def write(name: str, color: Any = (200, 10, 60), size: tuple[int, int] = (6, 4), **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(color, np.ndarray):
            image = Image.fromarray(color)
        else:
            mode = "L" if isinstance(color, int) else {3: "RGB", 4: "RGBA"}[len(color)]
            image = Image.new(mode, (size[1], size[0]), color)
        image.save(path, **options)
        return path

    return write


@pytest.fixture
def pets(tmp_path: Path, picture: Write) -> Path:
    """pets/{강아지,cat}/{1,2,3}.png, 6 x 4 pixels of gray: cats 11, 12, 13; dogs 21, 22, 23."""
    for start, kind in ((10, "cat"), (20, "강아지")):
        for number in (1, 2, 3):
            picture(f"pets/{kind}/{number}.png", start + number)
    return tmp_path / "pets"
