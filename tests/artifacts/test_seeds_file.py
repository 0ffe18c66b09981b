"""The folder of several seeds: which of its folders are seeds, and what one run's files are told of it."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from mlpcli.errors import RunDirectoryError
from mlpcli.runs.directory import CONFIG, SEEDS, find_file, find_model, member_folders, seed_folder, write_seeds


def test_the_seeds_are_in_the_order_of_their_numbers_and_nothing_else_is_among_them(tmp_path: Path) -> None:
    for name in ("seed-10", "seed-9", "seed-x", "seed-", "seed-1-2", "other", "seed-12345678901"):
        (tmp_path / name).mkdir()
    (tmp_path / "seed-11").write_text("a file")
    assert member_folders(tmp_path) == [], "nothing says that these are seeds of one config"
    write_seeds(tmp_path, {})
    assert (
        [path.name for path in member_folders(tmp_path)] == [seed_folder(9), seed_folder(10)] == ["seed-9", "seed-10"]
    )


def test_where_there_is_no_folder_there_are_no_seeds(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert member_folders(tmp_path / "file") == member_folders(tmp_path / "nowhere") == member_folders(tmp_path) == []


@pytest.mark.parametrize(("count", "words"), [(1, "1 seed"), (3, "3 seeds")])
def test_one_run_s_file_cannot_be_that_of_several(tmp_path: Path, count: int, words: str) -> None:
    for seed in range(777, 777 + count):
        (tmp_path / seed_folder(seed)).mkdir()
    write_seeds(tmp_path, {})
    message = f"{tmp_path}: contains {words}; give one of them, such as {tmp_path / 'seed-777'}"
    with pytest.raises(RunDirectoryError, match=f"^{re.escape(message)}$"):
        find_model(tmp_path)
    with pytest.raises(RunDirectoryError, match=re.escape(message)):
        find_file(tmp_path, CONFIG)


def test_what_is_undefined_is_null_and_letters_stay(tmp_path: Path) -> None:
    write_seeds(tmp_path, {"name": "숫자", "mean": math.nan})
    text = (tmp_path / SEEDS).read_text(encoding="utf-8")
    assert "숫자" in text
    assert json.loads(text) == {"name": "숫자", "mean": None}
