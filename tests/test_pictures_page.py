"""docs/pictures.md has every picture that mlpcli draws, and the times that were measured."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.pictures import ENTRIES, IMAGES, PAGE, REPEATS, TIMES, page
from mlpcli.plotting.pictures import PICTURES
from tests.conftest import ROOT

AGAIN = "run python -m benchmarks.pictures"
NAMES = [picture.name for picture in PICTURES]


def test_every_picture_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in NAMES if name not in ENTRIES] == [], "say in ENTRIES of which run, and how it is read"
    assert [name for name in NAMES if f"\n## {name}\n" not in text] == [], AGAIN
    assert [name for name in NAMES if not (IMAGES / f"{name}.png").is_file()] == [], AGAIN


def test_the_page_has_the_stored_times() -> None:
    results = json.loads(TIMES.read_text(encoding="utf-8"))
    assert list(results["seconds"]) == NAMES, AGAIN
    assert {len(seconds) for seconds in results["seconds"].values()} == {REPEATS}
    assert PAGE.read_text(encoding="utf-8") == page(results), "run python -m benchmarks.pictures --page"


def test_the_pictures_of_the_pages_are_small() -> None:
    sizes = {path: path.stat().st_size for path in (ROOT / "docs" / "images").rglob("*.png")}
    assert sum(sizes.values()) < 2_500_000
    assert max(sizes.values()) < 200_000, max(sizes, key=lambda path: sizes[Path(path)])
