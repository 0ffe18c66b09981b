"""A table on disk: the same columns and values as in memory, parts drawn block by block, found again at once."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.data.dataset import Source, Splits
from mlpcli.data.facts import fingerprint
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import read_table

Load = Callable[..., tuple[Source, Splits]]
People = Callable[..., str]


def _numbers(part: Any) -> list[int]:
    return part.x[: len(part)][:, 0].astype(int).tolist()


def test_parts_share_out_the_rows_that_have_a_target(load: Load) -> None:
    source, splits = load(test=0.25, validation=0.2)
    assert splits.test is not None
    assert splits.validation is not None
    numbers = [_numbers(part) for part in (splits.train, splits.validation, splits.test)]
    assert all(part == sorted(part) for part in numbers)
    assert sorted(itertools.chain(*numbers)) == [i for i in range(500) if i % 50 != 49]
    # of each block of 64: 16 for test, 10 of the rest; the last block has 52, of which 13 and 8; 10 rows have no target
    drawn = (7 * 38 + 31, 7 * 10 + 8, 7 * 16 + 13)
    assert sum(drawn) == 500
    assert all(0 <= rows - len(part) <= 10 for rows, part in zip(drawn, numbers, strict=True))
    assert (source.name, source.kind, source.class_names) == ("people", "table", ("a", "b", "c"))
    assert len(source.train) == len(splits.train)


def test_values_are_those_of_the_table_in_memory(load: Load, tmp_path: Path) -> None:
    source, splits = load(test=0.25)
    assert source.preprocessing is not None
    raw, _, _ = read_table(tmp_path / "people.csv", ReadOptions(formats={}))
    for part in (splits.train, splits.validation, splits.test):
        assert part is not None
        rows = raw.take(np.array(_numbers(part)))
        np.testing.assert_array_equal(part.x[:], source.preprocessing.encode(rows))
        np.testing.assert_array_equal(part.y[:], source.preprocessing.encode_target(rows))
        assert (part.x.dtype, part.y.dtype) == (np.float32, np.int64)


def test_medians_are_those_of_the_training_rows(load: Load, tmp_path: Path) -> None:
    source, splits = load(test=0.5)
    amounts = [(i * 37 % 100) / 4 for i in _numbers(splits.train) if i % 11]
    (column,) = (each for each in source.preprocessing.columns if each.name == "amount")  # type: ignore[union-attr]
    assert column.fill == np.median(amounts)  # type: ignore[attr-defined]


def test_moments_are_those_of_the_part(load: Load) -> None:
    _, splits = load()
    x = splits.train.x[:].astype(np.float64)
    np.testing.assert_allclose(splits.train.x.moments.mean, x.mean(axis=0), rtol=1e-12)  # type: ignore[attr-defined]
    np.testing.assert_allclose(splits.train.x.moments.variance, x.var(axis=0), rtol=1e-12)  # type: ignore[attr-defined]


def test_a_number_as_target(load: Load) -> None:
    source, splits = load(target="amount", exclude=["label"])
    assert source.class_names is None
    assert (splits.train.y.dtype, splits.train.y.ndim) == (np.float32, 1)
    numbers = _numbers(splits.train)
    assert splits.train.y[:5].tolist() == [(i * 37 % 100) / 4 for i in numbers[:5]]


def test_the_draw_depends_on_the_seed_alone(load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = _numbers(load(validation=0.3)[1].train)
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path / "another"))
    assert _numbers(load(validation=0.3)[1].train) == first
    assert _numbers(load(validation=0.3, seed=1)[1].train) != first


def test_notes_say_why_and_what_is_different(load: Load) -> None:
    notes = load()[0].notes
    assert notes[0] == "the reason"
    assert any("10 of 500 rows have no target value" in note for note in notes)
    assert "classes keep their shares only roughly" in notes[-1]
    assert not any("shares" in note for note in load(stratify=False)[0].notes)
    assert not any("shares" in note for note in load(validation=None)[0].notes)


def test_the_second_time_nothing_is_read(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    source, splits = load(test=0.1)
    monkeypatch.setattr("mlpcli.data.streaming.convert.read_batches", lambda *_: pytest.fail("read again"))
    again, splits_again = load(test=0.1)
    assert (again.notes, again.columns, again.feature_names) == (source.notes, source.columns, source.feature_names)
    assert again.preprocessing == source.preprocessing
    assert fingerprint(again, splits_again) == fingerprint(source, splits)
    assert load(test=0.1, scaling="none", class_weight="balanced")[0].notes == source.notes  # these change no row


CHANGES: dict[str, dict[str, Any]] = {
    "seed": {"seed": 1},
    "validation": {"validation": 0.3},
    "limit": {"limit": 300},
    "exclude": {"exclude": ["도시"]},
    "missing": {"missing": "drop"},
    "types": {"types": {"amount": "category"}},
    "na_values": {"na_values": ["0.25"]},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_what_changes_the_rows_is_made_anew(load: Load, tmp_path: Path, changed: dict[str, Any]) -> None:
    load()
    load(**changed)
    assert len(list((tmp_path / "cache" / "tables").iterdir())) == 2


def test_a_touched_file_is_read_anew(load: Load, people: People, tmp_path: Path) -> None:
    load()
    path = tmp_path / "people.csv"
    path.write_text(people(400), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    _, splits = load(validation=None)
    assert len(splits.train) == 392


def test_limit_counts_rows_of_the_file(load: Load) -> None:
    _, splits = load(limit=120, validation=None)
    assert _numbers(splits.train) == [i for i in range(120) if i % 50 != 49]


def test_other_tables_are_parts_of_their_own(load: Load, people: People, tmp_path: Path) -> None:
    test = tmp_path / "시험.csv"
    test.write_text(people(60, first=1000), encoding="utf-8")
    _, splits = load(test=str(test), validation="test")
    assert splits.test is splits.validation
    assert _numbers(splits.test) == [i for i in range(1000, 1060) if i % 50 != 49]
    assert len(splits.train) == 490
    test.write_text(people(30, first=1000), encoding="utf-8")
    assert len(load(test=str(test), validation=None)[1].test) == 30  # type: ignore[arg-type]


def test_rows_with_gaps_are_left_out_and_counted(load: Load) -> None:
    source, splits = load(missing="drop", validation=None)
    kept = [i for i in range(500) if i % 50 != 49 and i % 11]
    assert _numbers(splits.train) == kept
    assert any(f"{500 - len(kept):,} of 500 rows" in note and "drop" in note for note in source.notes)


def test_a_stored_preprocessing_is_used_as_it_is(load: Load, tmp_path: Path) -> None:
    source, splits = load(test=0.2)
    stored = Preprocessing.from_json(source.preprocessing.as_json())  # type: ignore[union-attr]
    again, splits_again = load(test=0.2, stored=stored)
    assert fingerprint(again, splits_again) == fingerprint(source, splits)
    assert len(list((tmp_path / "cache" / "tables").iterdir())) == 1  # found, and not made again
    other = load(test=0.2, exclude=["도시"])[0].preprocessing
    narrow, narrow_splits = load(test=0.2, stored=other)
    assert narrow.preprocessing == other
    assert _numbers(narrow_splits.test) == _numbers(splits.test)


def test_the_watch_is_told_of_each_pass(load: Load) -> None:
    told: list[tuple[str, int, int]] = []
    load(watch=lambda *said: told.append(said))
    passes = list(dict.fromkeys(what for what, _, _ in told))
    assert passes == ["looking at the columns", "learning from the training rows", "encoding the rows"]
    assert all(0 <= done <= total for _, done, total in told)
    assert [said[1:] for said in told if said[1] == said[2]] == [(500, 500)] * 3


def test_what_is_encoded_in_pieces_is_the_same(load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    expected = load()[1].train.x[:]
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path / "pieces"))
    monkeypatch.setattr("mlpcli.data.streaming.convert.BATCH_BYTES", 7 * 4 * expected.shape[1])
    np.testing.assert_array_equal(load()[1].train.x[:], expected)


@pytest.mark.parametrize(
    "about", [{}, {"preprocessing": None}, {"columns": 3}, {"columns": [{"no": 1}]}, {"notes": None}, {"narrower": 1}]
)
def test_a_set_that_says_nonsense_of_itself_is_made_anew(load: Load, tmp_path: Path, about: dict[str, Any]) -> None:
    first, _ = load()
    [path] = (tmp_path / "cache" / "tables").glob("*/manifest.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if "narrower" in about:
        manifest["about"]["preprocessing"]["columns"].pop()
    manifest["about"] = {**manifest["about"], **about} if about else {}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    again, splits = load()
    assert again.preprocessing == first.preprocessing
    assert again.notes == first.notes
    np.testing.assert_array_equal(splits.train.x[:], first.train.x[: len(first.train)])
