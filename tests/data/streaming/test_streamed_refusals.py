"""What a table on disk is refused for, in the words of a table in memory where these fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.data import cache
from mlpcli.data.dataset import Source, Splits
from mlpcli.data.load_data import load_data
from mlpcli.errors import DataError, OutputError, SettingError

Load = Callable[..., tuple[Source, Splits]]
People = Callable[..., str]


def test_a_fraction_that_leaves_nothing(load: Load) -> None:
    with pytest.raises(SettingError, match=re.escape("data.validation: 0.2 of 2 rows is 0 for validation and 2 for")):
        load(limit=2)


def test_a_part_without_a_usable_row(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("x,label\n1,a\n2,b\n3,a\n4,b\n" + "5,\n" * 3, encoding="utf-8")
    errors = []
    for seed in range(20):
        try:
            load(path, seed=seed, validation=0.2)
        except DataError as error:
            errors.append(str(error))
    assert any(
        "few.csv: no row is left for validation, after those without a target or with gaps; add rows" in error
        for error in errors
    )


def test_training_rows_of_one_class(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("x,label\n" + "".join(f"{i % 7},{'ab'[i == 30]}\n" for i in range(60)), encoding="utf-8")
    errors = set()
    for seed in range(10):
        try:
            load(path, seed=seed, validation=0.4)
        except DataError as error:
            errors.add(str(error))
    assert errors == {f'{path}: all 36 training rows are of the class "a"; at least two classes are needed'}


def test_settings_of_other_sources_are_refused(tmp_path: Path, people: People) -> None:
    (tmp_path / "people.csv").write_text(people(10), encoding="utf-8")
    data = DataConfig(source=str(tmp_path / "people.csv"), target="label", streaming="always", strict=True)
    with pytest.raises(SettingError, match=r"data.strict: is only for folders of class folders"):
        load_data(data, 777)


def test_a_bad_value_keeps_its_place(load: Load, people: People, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(people(300).replace("\n200,", "\ntwo hundred,"), encoding="utf-8")
    with pytest.raises(DataError, match=r"bad.csv:202: 번호"):
        load(path, types={"번호": "number"})
    assert not list((tmp_path / "cache").rglob("*.bin"))


def test_no_room_on_the_disk(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    with pytest.raises(OutputError, match=r"the rows of people.csv need 1\d.\d kB there, but 0.1 kB are free"):
        load()
