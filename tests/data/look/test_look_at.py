"""The whole look: what is asked of which data, of rows on disk, and how it is written down."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mlpcli.arrays import Moments
from mlpcli.config.yaml_names import yaml_names as yaml_list
from mlpcli.config.yaml_reader import parse_yaml
from mlpcli.data.dataset import Part, Source, Splits
from mlpcli.data.look import look_at as seen_rows
from mlpcli.data.look.findings import raw_columns
from mlpcli.data.look.look_at import draw_sample, look_at
from mlpcli.data.streaming.disk_rows import DiskRows, RowRange
from mlpcli.text import percent, quoted

MakeSource = Callable[..., Source]
Split = Callable[..., Splits]


def topics(
    source: Source, splits: Splits, task: str = "binary", scaling: str = "standardize", **more: object
) -> list[str]:
    return [finding.topic for finding in look_at(source, splits, 10, task, scaling, **more).findings]  # type: ignore[arg-type]


def test_every_question_is_asked_of_a_table(source: MakeSource, split: Split) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 90)).astype(np.float32)
    y = np.zeros(400, np.int64)
    y[::13] = 1
    x[:, 0], x[:, 1], x[5, 2] = y, 7, 1e6
    x[300:310], y[300:310] = x[:10], y[:10]  # in training and validation
    x[20], y[20], x[21], y[21] = x[22], 1, x[22], 0  # with the leak, so that equal values contradict each other
    table = source(x, y, ("아니오", "예"), tuple(f"열{index}" for index in range(90)))
    splits = split(table, 300, 100)
    look = look_at(table, splits, 10, "binary", "none")
    found = {finding.topic for finding in look.findings}
    assert found == {"duplicates", "contradictions", "classes", "leak", "constant", "scaling", "skewed", "few_rows"}
    levels = [finding.level for finding in look.findings]
    assert levels == sorted(levels, reverse=True)  # "warning" before "note"
    assert look.warnings == [str(finding) for finding in look.findings if finding.level == "warning"]
    assert look.facts.rows == {"training": 300, "validation": 100}
    assert look.facts.repeated == 2
    assert look.facts.class_counts == {
        name: tuple(np.bincount(y[part], minlength=2).tolist())
        for name, part in (("training", slice(0, 300)), ("validation", slice(300, 400)))
    }


def test_a_good_table_has_nothing_to_say(source: MakeSource, split: Split) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4)).astype(np.float32)
    table = source(x, (x[:, 0] + rng.normal(size=300) > 0).astype(np.int64), ("n", "y"), None)
    assert topics(table, split(table, 200, 50)) == []


def test_a_number_as_target(source: MakeSource, split: Split) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4)).astype(np.float32)
    table = source(x, (5000 + 10 * x[:, 1]).astype(np.float32))
    splits = split(table, 200, 100)
    assert topics(table, splits, "regression") == ["target", "leak"]
    assert topics(table, splits, "regression", target_scaling="standardize") == ["leak"]
    look = look_at(table, splits, 10, "regression", "standardize")
    assert (look.facts.class_names, look.facts.class_counts) == (None, None)


def test_images_have_no_columns(source: MakeSource, split: Split) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (60, 4, 4)).astype(np.uint8)
    images[:, 0, 0] = 0
    images[50] = images[0]
    pictures = source(images, np.arange(60) % 2, ("n", "y"))
    splits = split(pictures, 40, 20)
    assert topics(pictures, splits, scaling="unit") == ["duplicates"]
    assert topics(pictures, splits, scaling="none") == ["duplicates", "scaling"]


def test_columns_are_those_of_the_file(source: MakeSource) -> None:
    x = np.zeros((4, 3), np.float32)
    groups = [("나이", slice(0, 2)), ("성별", slice(2, 3))]
    prepared = source(x, np.zeros(4), None, ("a", "b", "c"), preprocessing=SimpleNamespace(groups_without_bins=groups))
    assert [(column.name, column.where) for column in raw_columns(prepared)] == groups
    assert [column.label for column in raw_columns(source(x, np.zeros(4), None, ("a", "b\x1b", "c")))][1] == (
        'column "b\\x1b"'
    )
    assert raw_columns(source(x, np.zeros(4)))[2].label == "column 2 (from 0)"


def test_rows_on_disk_are_looked_at_from_the_start(
    source: MakeSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen_rows, "MOST_STREAMED_ROWS", 100)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(1_000, 3)).astype(np.float32), np.arange(1_000) // 500
    x[700] = x[600]  # never seen
    x[:500, 1] = 7  # not constant, though it seems so at first
    on_disk = [_written(tmp_path / name, array) for name, array in (("x", x), ("y", y))]
    train = Part(*on_disk, RowRange(1_000))  # type: ignore[arg-type]
    validation = Part(np.concatenate([x[:5], x[900:905]]), y[:10], np.arange(10))
    look = look_at(source(x, y, ("a", "b")), Splits(train, validation, None), 10, "binary", "standardize")
    for rows in on_disk:
        rows.close()
    assert look.facts.rows == {"training": 1_000, "validation": 10}
    assert look.facts.class_counts == {"training": (500, 500), "validation": (10, 0)}
    assert look.facts.repeated == 0
    assert [str(finding) for finding in look.findings if finding.topic == "sample"] == [
        "looked only at the first 100 of 1,000 training rows, because the rows stay on disk;"
        " class counts and column ranges cover all rows"
    ]
    assert "constant" not in {finding.topic for finding in look.findings}
    assert any("5 of 10 validation rows" in warning for warning in look.warnings)


def test_a_target_on_disk_is_known_as_a_whole(source: MakeSource, tmp_path: Path) -> None:
    x, y = np.random.default_rng(0).normal(size=(1_000, 3)).astype(np.float32), np.full(1_000, 2_000, np.float32)
    y[500:] = 1_000
    on_disk = [_written(tmp_path / name, array) for name, array in (("x", x), ("y", y))]
    train = Part(*on_disk, RowRange(1_000))  # type: ignore[arg-type]
    look = look_at(source(x, y), Splits(train, None, None), 10, "regression", "standardize")
    for rows in on_disk:
        rows.close()
    assert look.warnings[0].startswith("the target is about 1500, give or take 500")


def _written(path: Path, array: np.ndarray) -> DiskRows:
    array.tofile(path)
    return DiskRows(path, array.shape, array.dtype, Moments.of(array.astype(float).reshape(len(array), -1)))


def test_wide_rows_on_disk_are_fewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_rows, "MOST_STREAMED_VALUES", 30)
    x = np.arange(40, dtype=np.float32).reshape(10, 4)
    on_disk = _written(tmp_path / "x", x)
    seen, notes = seen_rows.in_memory({"training": Part(on_disk, np.zeros(10), RowRange(10))})  # type: ignore[arg-type]
    on_disk.close()
    assert np.array_equal(seen["training"].x, x[:7])
    assert "7 of 10 training" in notes[0].text


def test_the_sample_is_bounded_and_repeatable() -> None:
    x = np.arange(50_000, dtype=np.float32)[:, None]
    part = Part(x, x[:, 0], np.arange(10, 50_000))
    drawn, again = draw_sample(part), draw_sample(part)
    assert len(drawn) == 20_000 == len(np.unique(drawn.x))
    assert np.array_equal(drawn.x, again.x) and np.array_equal(drawn.x[:, 0], drawn.y)
    assert drawn.x.min() >= 10
    assert len(draw_sample(Part(np.zeros((5_000, 3_000), np.uint8), np.zeros(5_000), np.arange(5_000)))) == 2_000


def test_real_images_are_looked_at(shared_data: Path) -> None:
    from mlpcli.data.idx import read_idx_folder

    rows, test = read_idx_folder(shared_data / "fashion-mnist")
    assert test is not None
    source = Source("fashion", "image", rows, test, tuple("0123456789"), None, 255)
    splits = Splits(Part(rows.x, rows.y, np.arange(60_000)), None, Part(test.x, test.y, np.arange(10_000)))
    look = look_at(source, splits, 100, "classification", "unit")
    everything = np.unique(rows.x.reshape(60_000, -1).view("V784"))
    assert look.facts.repeated == 60_000 - len(everything)
    assert look.findings == []


def test_json_is_plain(source: MakeSource, split: Split) -> None:
    table = source(np.arange(40.0).reshape(20, 2), np.arange(20) % 2, ("가", "b"))
    look = look_at(table, split(table, 12, 8), 4, "binary", "none")
    written = json.loads(json.dumps(look.as_json()))
    assert written["rows"] == {"training": 12, "validation": 8}
    assert written["shape"] == [2]
    assert written["repeated"] == 0
    assert written["classes"] == {"training": {"가": 6, "b": 6}, "validation": {"가": 4, "b": 4}}
    assert written["findings"][0].keys() == {"topic", "text", "advice", "level", "columns"}
    assert [finding["topic"] for finding in written["findings"]] == [finding.topic for finding in look.findings]
    number = source(np.arange(40.0).reshape(20, 2), np.zeros(20))
    assert look_at(number, split(number, 20), 4, "regression", "none").as_json()["classes"] is None


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(1, 3, "33.3 %"), (57, 100, "57 %"), (9_999, 10_000, "99.9 %"), (1, 5_000, "under 0.1 %"), (0, 9, "0 %")],
)
def test_shares(part: int, whole: int, words: str) -> None:
    assert percent(part, whole) == words


def test_names_are_fit_for_a_terminal_and_for_yaml() -> None:
    assert quoted(["a\nb", "\x1b[31m"]) == '"a\\nb", "\\x1b[31m"'
    assert quoted([str(index) for index in range(11)]).endswith('"9", ...')
    names = [
        "alive",
        "sepal width (cm)",
        "나이",
        "1st, 2nd",
        "a: b",
        "12",
        "1e-3",
        "null",
        "true",
        " x",
        'say "hi"',
        "a\nb",
    ]
    text = yaml_list(names)
    assert text.startswith("[alive, sepal width (cm), 나이, ")
    assert re.fullmatch(r"[^\n]*", text)
    assert parse_yaml(f"exclude: {text}\n", "t.yaml").value == {"exclude": names}
