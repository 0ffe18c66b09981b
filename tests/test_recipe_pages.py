"""Cards and pages that cannot lie: they are what the stored results say, word by word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.recipes import cards, figures, jobs, lessons, pictures, results
from benchmarks.recipes.activations import hidden_outputs, histogram, histograms_of
from benchmarks.recipes.jobs import CONFIGS, ROOT, recipe_names
from benchmarks.recipes.results import Spread, entries_of, score
from benchmarks.recipes.studies import STARTS
from benchmarks.recipes.write import PAGES
from mlpcli.recipes import parse_card


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Pictures are not drawn, and long ones made of two rows only; what would have been written is listed."""
    asked: list[Path] = []
    monkeypatch.setattr(pictures, "save_small", lambda figure, path: asked.append(path))
    monkeypatch.setattr(pictures, "histograms_of", lambda name: dict(list(histograms_of(name).items())[:2]))
    return asked


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of results."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    return tmp_path


def entry(seed: int, accuracy: float, **more: Any) -> dict[str, Any]:
    return {"seed": seed, "key": "k", "scores": {"test": {"loss": 0.5, "accuracy": accuracy}}, **more}


@pytest.mark.parametrize("name", recipe_names())
def test_a_card_has_the_stored_results(name: str) -> None:
    content = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8")
    assert parse_card(content).facts == cards.facts_of(name), "run `make recipes`"


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_a_page_has_the_stored_results(name: str, page: Callable[[], str], no_pictures: list[Path]) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(), "run `make recipes`"
    assert no_pictures
    assert all(path.is_file() for path in no_pictures)


def test_nothing_has_changed_since_it_was_measured() -> None:
    jobs.refuse_stale()


@pytest.mark.parametrize("name", recipe_names())
def test_results_without_early_stopping_are_those_of_the_last_epoch(name: str) -> None:
    content = jobs.content_of(name)
    if not content["training"].get("early_stopping"):
        assert all(entry["kept_epoch"] == entry["epochs"] for entry in entries_of(name))
        assert content.get("output") == {"keep": "last"} or not entries_of(name)


def test_results_of_another_network_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "entries_of", lambda group: [entry(777, 0.5)] if group == "tables/iris" else [])
    with pytest.raises(SystemExit, match="tables/iris, seed 777: has changed since it was measured; run make recipes"):
        jobs.refuse_stale()


def test_a_score_is_the_mean_over_the_seeds_and_their_sample_deviation(stored: Path) -> None:
    for seed, accuracy in ((777, 0.5), (778, 0.7), (779, 0.9)):
        results.store("a/b", entry(seed, accuracy))
    results.store("a/b", entry(780, 0.0, failure="loss is nan"))
    found = score("a/b")
    assert (found.mean, found.deviation, found.seeds) == (pytest.approx(0.7), pytest.approx(0.2), 3)
    assert lessons.filled("{test:a/b}!") == "0.7000 ± 0.2000!"
    assert [one["seed"] for one in entries_of("a/b")] == [777, 778, 779, 780]


def test_the_entry_of_a_seed_is_replaced(stored: Path) -> None:
    results.store("a", entry(777, 0.5))
    results.store("a", entry(777, 0.6))
    assert score("a") == Spread(0.6, 0.0, 1)


@pytest.mark.parametrize("text", ["{tst:a}", "{test:never measured}"])
def test_a_figure_that_is_not_there_is_refused(text: str, stored: Path) -> None:
    results.store("a", entry(777, 0.5))
    with pytest.raises(LookupError):
        lessons.filled(text)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Spread(0.5, 0.01, 3), "0.5000 ± 0.0100"),
        (Spread(0.5, 0.0, 1), "0.5000"),
        (Spread(43.21, 1.234, 3), "43.21 ± 1.23"),
    ],
)
def test_how_a_figure_reads(found: Spread, text: str) -> None:
    assert figures.shown(found) == text


@pytest.mark.parametrize(
    ("claim", "holds"),
    [("test:a < test:b", True), ("test:b < test:a", False), ("test:b < 1", True), ("test:a < test:near", False)],
)
def test_a_sentence_that_does_not_hold_by_more_than_the_spread_is_not_written(
    claim: str, holds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"a": Spread(0.5, 0.02, 3), "b": Spread(0.75, 0.01, 3), "near": Spread(0.515, 0.001, 3)}
    monkeypatch.setattr(lessons, "figure", lambda word, group: known[group])
    if holds:
        lessons.check_claim("page", claim)
    else:
        with pytest.raises(SystemExit, match="page: the page would say what was not measured: test"):
            lessons.check_claim("page", claim)


def test_a_histogram_has_shares_of_one_and_the_deviation_from_row_to_row() -> None:
    # two units over four rows: one always 1 (no deviation), one 0, 1, 0, 1 (a deviation of 0.5)
    found = histogram(np.array([[1, 0], [1, 1], [1, 0], [1, 1]], dtype=np.float32), 0.0, None)
    assert sum(found["shares"]) == pytest.approx(1.0)
    assert (found["shares"][0], found["shares"][-1]) == (0.25, 0.75)
    assert (found["low"], found["high"], found["across_rows"]) == (0.0, 1.0, 0.25)


def test_hidden_outputs_are_those_of_the_hidden_layers(write_config: Callable[[str], Path]) -> None:
    from mlpcli.config.load_config import load_config
    from mlpcli.numpy_engine.numpy_epochs import build_numpy_model
    from mlpcli.workflows.prepare import prepare

    loaded = load_config(
        write_config("data: {source: iris}\nmodel: {hidden_units: [5, 3], activation: sigmoid}\n"), ["seed=1"]
    )
    ready = prepare(loaded)
    model = build_numpy_model(ready.plan, loaded.config, ready.scaling, ready.target_scaling)
    rows = ready.splits.train.x[:4]
    outputs = hidden_outputs(model.network, rows)
    weights = model.get_weights()
    assert [values.shape for values in outputs] == [(4, 5), (4, 3)]
    expected = 1 / (1 + np.exp(-(outputs[0] @ weights[-4] + weights[-3])))
    np.testing.assert_allclose(outputs[1], expected, rtol=1e-5)


@pytest.mark.parametrize("activation", STARTS)
def test_the_stored_histograms_are_of_three_hidden_layers(activation: str) -> None:
    for layers in histograms_of(activation).values():
        assert [pytest.approx(1.0, abs=2e-3)] * 3 == [sum(layer["shares"]) for layer in layers]


def test_what_is_measured_is_skipped_and_what_has_changed_is_not(stored: Path) -> None:
    from benchmarks.recipes.measure import is_measured

    job = jobs.Job("tables/iris", "tables/iris", (), 777)
    assert not is_measured(job)
    results.store(job.group, entry(777, 0.9, seconds=None) | {"key": job.key})
    assert is_measured(job, busy=True)
    assert not is_measured(job), "its seconds are missing"
    results.store(job.group, entry(777, 0.9, seconds=5.0) | {"key": job.key})
    assert is_measured(job)
    assert not is_measured(jobs.Job("tables/iris", "tables/iris", (), 778))
    assert not is_measured(jobs.Job("tables/iris", "tables/iris", ("training.epochs=3",), 777))


def test_the_key_of_a_job_is_of_what_is_trained_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CONFIGS", tmp_path)
    config = tmp_path / "a.yaml"
    keys = []
    for text in ("name: x\ndata: {source: iris}", "# a card\nname: y\ndata: {source: iris}", "data: {source: wine}"):
        config.write_text(text, encoding="utf-8")
        keys.append(jobs.Job("a", "a", (), 777).key)
    assert keys[0] == keys[1] != keys[2]
