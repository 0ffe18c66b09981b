"""Folds are those of scikit-learn's splitters, of the rows in the order of the file; the rest is as in any split."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, KFold, StratifiedKFold, TimeSeriesSplit

from mlpcli.config.sections import DataConfig, FoldsConfig
from mlpcli.data.dataset import Rows, Source, Splits
from mlpcli.data.facts import facts_of, inspect_data
from mlpcli.data.load_data import load_data, split_source
from mlpcli.errors import DataError, SettingError

SEED = 42


def splits_of(source: str | Path, count: int, folds: dict[str, Any] | None = None, **settings: Any) -> list[Splits]:
    """The parts of every fold."""
    found = []
    for fold in range(1, count + 1):
        data = DataConfig(
            source=str(source), folds=FoldsConfig(count=count, held_out=fold, **(folds or {})), **settings
        )
        found.append(load_data(data, SEED).splits)
    return found


def rows_of(found: list[Splits]) -> list[tuple[list[int], list[int]]]:
    """The rows that each fold trains on, and those that it holds out."""
    assert all(splits.test is not None and splits.validation is None for splits in found)
    return [(splits.train.indices.tolist(), splits.test.indices.tolist()) for splits in found if splits.test]


def by_hand(splitter: Any, *rows: Any, **more: Any) -> list[tuple[list[int], list[int]]]:
    return [(sorted(train), sorted(test)) for train, test in splitter.split(*rows, **more)]


def test_classes_are_stratified_and_numbers_shuffled() -> None:
    x, y = load_iris(return_X_y=True)
    assert rows_of(splits_of("iris", 5, validation=None)) == by_hand(
        StratifiedKFold(5, shuffle=True, random_state=SEED), x, y
    )
    x, y = load_diabetes(return_X_y=True)
    assert rows_of(splits_of("diabetes", 4, validation=None)) == by_hand(
        KFold(4, shuffle=True, random_state=SEED), x, y
    )


def test_without_stratify_and_of_the_first_rows() -> None:
    x, y = load_iris(return_X_y=True)
    found = rows_of(splits_of("iris", 3, validation=None, stratify=False, limit=100))
    assert found == by_hand(KFold(3, shuffle=True, random_state=SEED), x[:100], y[:100])


def test_rows_in_the_order_of_time() -> None:
    x, _ = load_diabetes(return_X_y=True)
    found = rows_of(splits_of("diabetes", 4, {"time": True}, validation=None, limit=123))
    assert found == by_hand(TimeSeriesSplit(4), x[:123])


def test_validation_rows_come_from_the_rows_that_are_trained_on() -> None:
    """A fifth of the 120 rows, 8 of each class, whichever fold is held out."""
    for (train, test), splits in zip(
        rows_of(splits_of("iris", 5, validation=None)), splits_of("iris", 5, validation=0.2), strict=True
    ):
        assert splits.validation is not None and splits.test is not None
        assert np.bincount(splits.validation.y[splits.validation.indices]).tolist() == [8, 8, 8]
        assert sorted([*splits.train.indices, *splits.validation.indices]) == train
        assert splits.test.indices.tolist() == test


def test_the_fold_may_be_the_validation_rows_too() -> None:
    for splits in splits_of("iris", 2, validation="test"):
        assert splits.validation is splits.test


TABLE = "day,shop,x,y\n" + "".join(
    f"2024-0{1 + row % 3}-{1 + (row * 7) % 28:02d},{(row * 5) % 12},{row * 1.5},{row % 4}.5\n" for row in range(40)
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_groups_stay_together_and_need_not_be_inputs(table: Path) -> None:
    shops = [(row * 5) % 12 for row in range(40)]
    hand = by_hand(GroupKFold(5), np.zeros((40, 1)), groups=shops)
    for exclude in ([], ["shop"]):
        found = splits_of(table, 5, {"group": "shop"}, target="y", validation=None, exclude=exclude)
        assert rows_of(found) == hand
    for train, test in hand:
        assert not {shops[row] for row in train} & {shops[row] for row in test}


def test_validation_rows_are_whole_groups(table: Path) -> None:
    shops = np.array([(row * 5) % 12 for row in range(40)])
    found = splits_of(table, 3, {"group": "shop"}, target="y", validation=0.3)
    for splits, (train, test) in zip(found, GroupKFold(3).split(np.zeros((40, 1)), groups=shops), strict=True):
        assert splits.validation is not None and splits.test is not None
        hand = GroupShuffleSplit(1, test_size=0.3, random_state=SEED)
        rest, validation = next(hand.split(train, groups=shops[train]))
        assert splits.test.indices.tolist() == sorted(test)
        assert splits.validation.indices.tolist() == sorted(train[validation])
        assert splits.train.indices.tolist() == sorted(train[rest])
        kept, judged = set(shops[splits.train.indices]), set(shops[splits.validation.indices])
        assert not kept & judged
        assert (len(kept), len(judged)) == (5, 3)  # of 8 shops: three tenths, rounded up


def test_validation_rows_are_the_latest_before_the_fold(table: Path) -> None:
    days = np.array([line.split(",")[0] for line in TABLE.splitlines()[1:]])
    found = splits_of(table, 4, {"time": "day"}, target="y", validation=0.25)
    for splits, size in zip(found, (8, 16, 24, 32), strict=True):
        assert splits.validation is not None and splits.test is not None
        assert (len(splits.train), len(splits.validation), len(splits.test)) == (size * 3 // 4, size // 4, 8)
        parts = [days[part.indices] for part in (splits.train, splits.validation, splits.test)]
        assert max(parts[0]) <= min(parts[1]) and max(parts[1]) <= min(parts[2])
    (first, *_) = splits_of("diabetes", 4, {"time": True}, validation=0.25, limit=50)
    assert first.validation is not None
    assert first.train.indices.tolist() == list(range(7))
    assert first.validation.indices.tolist() == [7, 8, 9]  # a quarter of ten rows is two and a half, rounded up


def test_too_few_groups_to_validate_with(table: Path) -> None:
    found = refused(table, 2, {"group": "shop"}, target="y", validation=0.9)
    assert found == (
        "data.validation: data.validation: 0.9 of 6 groups in fold 1's training rows is 6, which leaves none to train"
        " on; choose a smaller fraction, null, or more folds"
    )


def test_groups_of_texts(tmp_path: Path) -> None:
    shops = [f"shop {'cab'[row % 3]}{row % 2}" for row in range(30)]
    path = tmp_path / "t.csv"
    path.write_text("shop,x,y\n" + "".join(f" {shop},{row},{row % 4}.5\n" for row, shop in enumerate(shops)))
    found = splits_of(path, 4, {"group": "shop"}, target="y", validation=None)
    assert rows_of(found) == by_hand(GroupKFold(4), np.zeros((30, 1)), groups=shops)


@pytest.mark.parametrize("exclude", [[], ["day"]])
def test_a_column_of_dates_gives_the_order(table: Path, exclude: list[str]) -> None:
    days = [line.split(",")[0] for line in TABLE.splitlines()[1:]]
    order = np.argsort(days, kind="stable")
    found = splits_of(table, 4, {"time": "day"}, target="y", validation=None, exclude=exclude)
    hand = [(sorted(order[train]), sorted(order[test])) for train, test in TimeSeriesSplit(4).split(order)]
    assert rows_of(found) == hand
    for train, test in hand:
        assert max(days[row] for row in train) <= min(days[row] for row in test)


def test_what_is_learnt_of_the_columns_comes_from_the_fold_s_own_training_rows(tmp_path: Path) -> None:
    """The gap is filled with the median of x over them, which the fold with the large values does not have."""
    path = tmp_path / "t.csv"
    path.write_text("x,z,y\n" + "".join(f"{row if row else ''},{row % 7},{row % 5}.5\n" for row in range(20)))
    for fold, median in ((1, 4.0), (2, 7.0)):
        data = DataConfig(
            source=str(path), target="y", validation=None, folds=FoldsConfig(count=2, held_out=fold, time=True)
        )
        loaded = load_data(data, SEED)
        assert loaded.splits.train.indices.tolist() == list(range(8 if fold == 1 else 14))
        assert loaded.source.train.x[0, 0] == median


def test_the_catalog_knows_the_sizes_without_the_rows() -> None:
    for folds in ({}, {"time": True}):
        for held_out in (1, 3, 4):
            data = DataConfig(
                source="diabetes" if folds else "iris", folds=FoldsConfig(count=4, held_out=held_out, **folds)
            )
            loaded = load_data(data, SEED)
            assert inspect_data(data, SEED) == facts_of(loaded.source, data, loaded.splits)


def refused(source: str | Path, count: int, folds: dict[str, Any] | None = None, **settings: Any) -> str:
    data = DataConfig(source=str(source), folds=FoldsConfig(count=count, held_out=1, **(folds or {})), **settings)
    with pytest.raises((SettingError, DataError)) as raised:
        load_data(data, SEED)
    return f"{getattr(raised.value, 'key', '')}: {raised.value}".removeprefix(": ")


def test_too_few_rows() -> None:
    assert refused("iris", 20, limit=15, stratify=False).endswith(
        "20 folds need 20 rows, but there are 15; choose 15 folds or fewer"
    )
    assert refused("iris", 15, {"time": True}, limit=15).endswith(
        "15 folds need 16 rows (the first rows are in no fold), but there are 15; choose 14 folds or fewer"
    )
    data = DataConfig(source="iris", limit=15, folds=FoldsConfig(count=20, held_out=1))
    with pytest.raises(SettingError, match="20 folds need 20 rows, but there are 15"):
        inspect_data(data, SEED)


def test_too_few_rows_of_a_class() -> None:
    found = refused("iris", 10, limit=53)
    assert 'the class "versicolor" has 3 rows, too few for 10 folds' in found
    assert "choose 3 folds or fewer, or set data.stratify: false" in found
    assert 'the class "versicolor" has 1 row, so that no two folds' in refused("iris", 10, limit=51)


def test_groups_that_are_not_there_or_too_few(table: Path) -> None:
    found = refused(table, 13, {"group": "shop"}, target="y")
    assert '"shop" has 12 different values, too few for 13 folds; choose 12 folds or fewer' in found
    found = refused(table, 3, {"group": "shops"}, target="y")
    assert 'has no column "shops"; it has: day, shop, x, y; did you mean shop?' in found.replace('"shop"?', "shop?")
    found = refused("iris", 3, {"group": "shop"})
    assert found.endswith("names a column of a table, but iris is not one; remove it")
    found = refused("iris", 3, {"time": "day"})
    assert found.endswith("but iris is not one; true if its rows are sorted by time, else remove it")


def test_a_group_that_is_missing_and_times_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("shop,x,y\n" + "".join(f"{'' if row == 3 else 'abc'[row % 3]},{row},{row}.5\n" for row in range(9)))
    found = refused(path, 2, {"group": "shop"}, target="y")
    assert found.endswith(
        "t.csv:5: shop: has no value (1 in all), and data.folds.group needs one in each row; fill them in, or choose"
        " another column"
    )
    found = refused(path, 2, {"time": "shop"}, target="y")
    assert '"shop" has no dates or numbers' in found


def test_rows_that_come_by_themselves_or_stay_on_disk(table: Path) -> None:
    x = np.zeros((9, 1), np.float32)
    rows = Rows(x, np.arange(9, dtype=np.float32))
    source = Source("s", "table", rows, rows, None, None, None)
    data = DataConfig(source="s", folds=FoldsConfig(count=3, held_out=1))
    with pytest.raises(SettingError, match=r"s brings its own test rows, .* leave out --folds"):
        split_source(source, data, SEED)
    found = refused(table, 3, target="y", streaming="always")
    assert re.search(r"folds need all rows in memory; set data\.streaming: never \(.*always\)", found)
