"""Cards and pages that cannot lie: they are what the stored results say, word by word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.recipes import cards, pictures, text
from benchmarks.recipes.jobs import CONFIGS, ROOT, recipe_names
from benchmarks.recipes.results import Spread, entries_of, score
from benchmarks.recipes.write import PAGES
from mlpcli.recipes.card import parse_card


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Pictures are not drawn; what would have been written is listed."""
    asked: list[Path] = []
    monkeypatch.setattr(pictures, "save_figure", lambda figure, path: asked.append(path))
    return asked


@pytest.mark.parametrize("name", recipe_names())
def test_a_card_has_the_stored_results(name: str) -> None:
    content = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8")
    assert parse_card(content).facts == cards.facts_of(name, yaml.safe_load(content)), "run `make recipes`"


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_a_page_has_the_stored_results(name: str, page: Callable[[], str], no_pictures: list[Path]) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(), "run `make recipes`"
    assert no_pictures
    assert all(path.is_file() for path in no_pictures)


def test_a_score_is_the_mean_over_the_seeds_and_their_sample_deviation() -> None:
    values = [entry["scores"]["test"]["accuracy"] for entry in entries_of("digits")]
    mean = sum(values) / 3
    deviation = (sum((value - mean) ** 2 for value in values) / 2) ** 0.5
    found = score("digits")
    assert (found.mean, found.deviation, found.seeds) == (pytest.approx(mean), pytest.approx(deviation), 3)
    assert text.filled("{test:digits}!") == f"{mean:.4f} ± {deviation:.4f}!"


@pytest.mark.parametrize(
    ("claim", "holds"), [("test:a < test:b", True), ("test:b < test:a", False), ("test:b < 1", True)]
)
def test_a_sentence_that_does_not_hold_is_not_written(claim: str, holds: bool, monkeypatch: Any) -> None:
    monkeypatch.setattr(text, "figure", lambda word, group: Spread({"a": 0.5, "b": 0.75}[group], 0.0, 1))
    if holds:
        text.check_claims("page", (claim,))
    else:
        with pytest.raises(SystemExit, match=r"page: the page would say what was not measured: .*0\.7500, 0\.5000"):
            text.check_claims("page", (claim,))
