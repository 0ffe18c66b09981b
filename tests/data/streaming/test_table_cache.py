"""Converted tables: whole or not at all, found again, never too many, and two processes at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import time
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mlpcli.data import cache
from mlpcli.data.cache import ABANDONED_SECONDS, MAKING, make_room, make_set
from mlpcli.data.streaming.stored_table import MANIFEST, RowsWriter, _spots, file_names, read_set, write_manifest
from mlpcli.errors import OutputError
from mlpcli.text import spoken

Usage = namedtuple("Usage", "total used free")


def fill(folder: Path, value: float = 1.0, rows: int = 10) -> None:
    """A set of one part with constant rows."""
    writers = [RowsWriter(folder / name, shape, np.float32) for name, shape in zip(file_names("train"), [(3,), ()])]  # noqa: B905
    for writer in writers:
        writer.append(np.full((rows, *writer.row_shape), value, np.float32))
    x, y = (writer.finish() for writer in writers)
    write_manifest(folder, {"train": (x, y)}, {"이름": "값"})


def test_a_set_is_found_again(tmp_path: Path) -> None:
    target = tmp_path / "표" / "abc"
    assert read_set(target) is None
    make_set(target, 100, "t.csv", fill)
    found = read_set(target)
    assert found is not None
    x, y = found.parts["train"]
    assert (x.shape, y.shape, found.about) == ((10, 3), (10,), {"이름": "값"})
    assert x.block_rows == y.block_rows
    assert x.moments is not None
    assert x.moments.mean.tolist() == [1.0] * 3
    assert [path.name for path in target.parent.iterdir()] == ["abc"]


DAMAGES = {
    "no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "half a manifest": lambda folder: (folder / MANIFEST).write_text('{"format": 1, "par', encoding="utf-8"),
    "another format": lambda folder: (folder / MANIFEST).write_text('{"format": 99}', encoding="utf-8"),
    "a list": lambda folder: (folder / MANIFEST).write_text("[]", encoding="utf-8"),
    "a file is missing": lambda folder: (folder / "train-x.bin").unlink(),
    "a file is cut off": lambda folder: os.truncate(folder / "train-x.bin", 50),
    "zeros in place of x": lambda folder: (folder / "train-x.bin").write_bytes(bytes(120)),
    "zeros in place of y": lambda folder: (folder / "train-y.bin").write_bytes(bytes(40)),
    "a file is a pipe": lambda folder: _instead(folder / "train-x.bin", os.mkfifo),
    "a file is a folder": lambda folder: _instead(folder / "train-x.bin", os.mkdir),
    "the manifest is a pipe": lambda folder: _instead(folder / MANIFEST, os.mkfifo),
    "the manifest is a folder": lambda folder: _instead(folder / MANIFEST, os.mkdir),
    "the manifest is a terabyte of zeros": lambda folder: os.truncate(folder / MANIFEST, 1 << 40),
    "the manifest nests without end": lambda folder: (folder / MANIFEST).write_text("[" * 100_000, encoding="utf-8"),
    "another type": lambda folder: _said(folder, 0, dtype="<i4"),
    "Python objects": lambda folder: _said(folder, 1, dtype="|O"),
    "more rows than bytes": lambda folder: _said(folder, 0, shape=[10**12, 3]),
    "x of three axes": lambda folder: _said(folder, 0, shape=[10, 3, 1]),
    "fewer rows in y": lambda folder: (os.truncate(folder / "train-y.bin", 36), _fewer(folder)),
    "a shape below zero": lambda folder: _said(folder, 0, shape=[-10, -3]),
    "a file in its place": lambda folder: (shutil.rmtree(folder), folder.write_bytes(b"1")),
    "a pipe in its place": lambda folder: (shutil.rmtree(folder), os.mkfifo(folder)),
    "a broken link in its place": lambda folder: (shutil.rmtree(folder), folder.symlink_to("nowhere")),
}


def _instead(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


def _said(folder: Path, which: int, **about: object) -> None:
    """Let the manifest say something else of x (0) or y (1)."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["parts"]["train"][which] |= about
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def _fewer(folder: Path) -> None:
    """Let the manifest say 9 rows of y, which are there as it says."""
    _said(folder, 1, shape=[9], spots=_spots(folder / "train-y.bin"))


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_set_is_made_anew(tmp_path: Path, damage: object) -> None:
    target = tmp_path / "abc"
    make_set(target, 100, "t.csv", fill)
    damage(target)  # type: ignore[operator]
    assert read_set(target) is None
    make_set(target, 100, "t.csv", lambda folder: fill(folder, 2.0))
    found = read_set(target)
    assert found is not None
    assert found.parts["train"][1][:].tolist() == [2.0] * 10


def test_a_file_outside_of_the_set_is_not_opened(tmp_path: Path) -> None:
    target = tmp_path / "abc"
    make_set(target, 100, "t.csv", fill)
    shutil.copy(target / "train-x.bin", tmp_path / "elsewhere.bin")
    manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    manifest["parts"]["train"][0]["file"] = "../elsewhere.bin"
    (target / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    assert read_set(target) is None


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(
        OutputError, match=r"the rows of t.csv cannot be kept there: No space left on device; free some"
    ):
        make_set(tmp_path / "abc", 1, "t.csv", fail)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        OutputError, match=r"cannot be kept there: .*; free some, or name another folder by .*MLPCLI_CACHE"
    ):
        make_set(tmp_path / "file" / "abc", 1, "t.csv", fill)


def test_what_a_killed_process_left_is_removed_after_a_while(tmp_path: Path) -> None:
    old, young = (tmp_path / f"{MAKING}{name}" for name in ("1-old", "2-young"))
    for folder in (old, young):
        folder.mkdir()
        (folder / "train-x.bin").write_bytes(b"half")
    past = time.time() - ABANDONED_SECONDS - 10
    for path in (old / "train-x.bin", old):
        os.utime(path, (past, past))
    make_set(tmp_path / "abc", 1, "t.csv", fill)
    assert sorted(path.name for path in tmp_path.iterdir()) == [young.name, "abc"]


def _aged(folder: Path, seconds: float) -> Path:
    folder.mkdir()
    fill(folder, rows=1000)  # 16,000 bytes and a manifest
    past = time.time() - seconds
    os.utime(folder / MANIFEST, (past, past))
    return folder


def test_the_sets_not_used_for_longest_make_room(tmp_path: Path) -> None:
    oldest, older, young = (_aged(tmp_path / str(age), age) for age in (300, 200, 100))
    read_set(oldest)  # used now
    make_room(tmp_path, 10_000, "t.csv", most=40_000)
    assert (oldest.exists(), older.exists(), young.exists()) == (True, False, False)


def test_tables_and_pictures_have_one_bound(tmp_path: Path) -> None:
    tables, images = tmp_path / "tables", tmp_path / "images"
    tables.mkdir()
    images.mkdir()
    oldest, young = _aged(tables / "oldest", 300), _aged(tables / "young", 100)
    pictures, foreign = images / "older.npz", images / "older.txt"
    for path in (pictures, foreign):
        path.write_bytes(bytes(16_000))
        os.utime(path, (time.time() - 200, time.time() - 200))
    make_room(images, 10_000, "the pictures", most=50_000)  # there are 48,000, and 1,000 of manifests
    assert [path.exists() for path in (oldest, pictures, young, foreign)] == [False, True, True, True]
    make_room(tables, 10_000, "the rows", most=30_000)
    assert [path.exists() for path in (pictures, young, foreign)] == [False, True, True]


def test_a_set_that_is_open_stays_readable_when_it_is_removed(tmp_path: Path) -> None:
    found = read_set(_aged(tmp_path / "a", 10))
    make_room(tmp_path, 10_000, "t.csv", most=10)
    assert found is not None
    assert not (tmp_path / "a").exists()
    assert found.parts["train"][0][990:].tolist() == [[1.0] * 3] * 10


def test_no_room_even_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: Usage(10**12, 0, 3_100_000_000))
    with pytest.raises(OutputError, match=r"the rows of t.csv need 5.2 GB there, but 3.1 GB are free; free some, or"):
        make_set(tmp_path / "abc", 5_200_000_000, "t.csv", fill)
    assert not (tmp_path / "abc").exists()


def _make(target: Path, value: float) -> None:
    make_set(target, 1, "t.csv", lambda folder: (time.sleep(0.3), fill(folder, value)))  # type: ignore[arg-type, return-value]


def test_two_processes_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_make, args=(tmp_path / "abc", value)) for value in (1.0, 2.0)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    found = read_set(tmp_path / "abc")
    assert found is not None
    assert len(set(found.parts["train"][0][:].ravel().tolist())) == 1  # one of them, and whole
    assert [path.name for path in tmp_path.iterdir()] == ["abc"]


@pytest.mark.parametrize(("size", "words"), [(5.2e9, "5.2 GB"), (3.25e6, "3.2 MB"), (900, "0.9 kB")])
def test_sizes_are_spoken(size: float, words: str) -> None:
    assert spoken(size) == words
