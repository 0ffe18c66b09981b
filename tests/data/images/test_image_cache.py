"""Decoded pictures are kept: the second run opens none; whatever changes is decoded anew; trouble is no error."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.sections import DataConfig, ImageConfig
from mlpcli.data import cache as image_cache
from mlpcli.data.dataset import Source
from mlpcli.data.images import pictures
from mlpcli.data.images.load_images import load_image_folder

Write = Callable[..., Path]


def load(path: Path, image: dict[str, Any] | None = None, **settings: Any) -> Source:
    return load_image_folder(path, DataConfig(source=str(path), image=ImageConfig(**(image or {})), **settings))


@contextmanager
def no_picture_opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def opened(*arguments: object) -> None:
        pytest.fail("a picture was opened")

    with monkeypatch.context() as patch:
        patch.setattr(pictures, "decode_picture", opened)
        patch.setattr(pictures, "read_headers", opened)
        patch.setattr("PIL.Image.open", opened)
        yield


def same(first: Source, second: Source) -> None:
    np.testing.assert_array_equal(first.train.x, second.train.x)
    np.testing.assert_array_equal(first.train.y, second.train.y)
    assert (first.class_names, first.image, first.notes) == (second.class_names, second.image, second.notes)


def test_the_second_run_opens_no_picture(pets: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (pets / "cat" / "broken.png").write_bytes(b"no picture")
    first = load(pets)
    assert len(list(cache.iterdir())) == 1
    with no_picture_opened(monkeypatch):
        same(first, load(pets))
        same(first, load(pets.parent / "pets" / ".." / "pets"))


def changed_bytes(pets: Path) -> None:
    path = pets / "cat" / "1.png"
    times = path.stat()
    path.write_bytes((pets / "cat" / "2.png").read_bytes())  # as long as before, and its time is set back
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "touched": lambda pets: os.utime(pets / "cat" / "1.png"),
    "other bytes": changed_bytes,
    "one less": lambda pets: (pets / "cat" / "3.png").unlink(),
    "renamed": lambda pets: (pets / "cat" / "3.png").rename(pets / "cat" / "4.png"),
    "class renamed": lambda pets: (pets / "cat").rename(pets / "고양이"),
    "one more": lambda pets: (pets / "cat" / "4.png").write_bytes((pets / "cat" / "3.png").read_bytes()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_decoded_anew(pets: Path, cache: Path, change: str) -> None:
    load(pets)
    CHANGES[change](pets)
    after = load(pets)
    assert len(list(cache.iterdir())) == 2
    for path in cache.iterdir():
        path.unlink()
    same(after, load(pets))


@pytest.mark.parametrize("image", [{"size": [3, 2]}, {"color": "rgb"}, {"size": [6, 4], "color": "grayscale"}])
def test_another_form_is_another_entry(pets: Path, cache: Path, image: dict[str, Any]) -> None:
    load(pets)
    load(pets, image)
    assert len(list(cache.iterdir())) == 2


def test_two_folders_of_the_same_names_sizes_and_times_are_two(pets: Path, cache: Path) -> None:
    other = pets.parent / "other"
    for kind in ("cat", "강아지"):
        (other / kind).mkdir(parents=True)
        for path in (pets / kind).iterdir():
            os.link(path, other / kind / path.name)  # even the same files
    assert load(pets).name == "pets" and load(other).name == "other"
    assert len(list(cache.iterdir())) == 2


def damaged(content: bytes) -> list[bytes]:
    middle = len(content) // 3
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    return [b"", b"no zip", content[:-30], content[: len(content) // 2], flipped]


def test_a_damaged_entry_is_decoded_anew_in_silence(pets: Path, cache: Path) -> None:
    first = load(pets)
    [entry] = cache.iterdir()
    whole = entry.read_bytes()
    for content in damaged(whole):
        entry.write_bytes(content)
        same(first, load(pets))
        assert len(entry.read_bytes()) == len(whole)  # and kept again


def zeros_packed(entry: Path) -> None:
    """Few bytes that claim to be 4 GB of pixels."""
    with zipfile.ZipFile(entry, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in GOOD.items():
            with archive.open(f"{name}.npy", "w") as member:
                if name == "x":
                    header = {"descr": "|u1", "fortran_order": False, "shape": (6, 40_000, 20_000)}
                    np.lib.format.write_array_header_1_0(member, header)
                    member.write(bytes(1000))
                else:
                    np.lib.format.write_array(member, values)


def a_folder(entry: Path) -> None:
    entry.mkdir()
    (entry / "inside").write_bytes(b"1")


IN_THE_WAY: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": a_folder,
    "a broken link": lambda entry: entry.symlink_to(entry.with_name("nowhere")),
    "zeros": lambda entry: entry.write_bytes(bytes(100_000)),
    "packed zeros": zeros_packed,
    "packed": lambda entry: np.savez_compressed(entry, **GOOD),
}


@pytest.mark.parametrize("make", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_is_in_the_place_of_an_entry_is_thrown_away(
    pets: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object]
) -> None:
    first = load(pets)
    [entry] = cache.iterdir()
    entry.unlink()
    make(entry)
    same(first, load(pets))
    with no_picture_opened(monkeypatch):
        same(first, load(pets))


GOOD = {
    "x": np.zeros((6, 6, 4), np.uint8),
    "kept": np.arange(6),
    "about": np.array('{"color": "grayscale", "notes": []}'),
}


@pytest.mark.parametrize(
    "arrays",
    [
        {"x": GOOD["x"].astype(np.float32)},
        {"x": GOOD["x"][:5]},
        {"x": np.zeros((6, 6, 4, 3), np.uint8)},
        {"kept": np.arange(6) + 1},
        {"kept": np.arange(6) - 1},
        {"kept": np.zeros(6, np.int64)},
        {"about": np.array('{"color": "blue", "notes": []}')},
        {"about": np.array("[]")},
        {"about": np.array('{"color": [], "notes": []}')},
        {"x": np.zeros((0, 6, 4), np.uint8), "kept": np.arange(0)},
        {"x": np.array([None] * 6)},
    ],
)
def test_an_entry_that_does_not_fit_is_not_believed(pets: Path, cache: Path, arrays: dict[str, Any]) -> None:
    first = load(pets)
    [entry] = cache.iterdir()
    np.savez(entry, **{**GOOD, **arrays})
    same(first, load(pets))
    np.savez(entry, **GOOD)  # while this one is: it would have been read
    assert (load(pets).train.x == 0).all()


def test_a_cache_that_cannot_be_written_is_a_note(pets: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path / "file"))
    source = load(pets)
    assert len(source.train) == 6
    [note] = source.notes
    assert note.startswith("the decoded pictures cannot be kept for the next run, which decodes them again (")
    assert str(tmp_path / "file") in note


def test_a_full_disk_is_a_note(pets: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **arrays: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    [note] = load(pets).notes
    assert "No space left on device" in note
    assert list(cache.iterdir()) == []


def test_the_oldest_entries_make_room(pets: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = []
    for side in (4, 5, 6):
        known = set(cache.iterdir()) if cache.is_dir() else set()
        load(pets, {"size": [side, side]})
        [entry] = set(cache.iterdir()) - known
        os.utime(entry, (1000 + side, 1000 + side))
        entries.append(entry)
    load(pets, {"size": [4, 4]})  # of use again, so that the second is the oldest now
    total = sum(entry.stat().st_size for entry in entries)
    monkeypatch.setattr(image_cache, "MOST_BYTES", total + 6 * 49 - 1)
    leftover, fresh = cache / ".tmp-1-old.npz", cache / ".tmp-2-new.npz"
    for path in (leftover, fresh):
        path.write_bytes(b"half")
    os.utime(leftover, (1000, 1000))
    load(pets, {"size": [7, 7]})
    assert [entry.exists() for entry in entries] == [True, False, True]
    assert not leftover.exists() and fresh.exists()  # another process may be writing the fresh one


def test_a_set_that_is_too_large_is_not_kept_and_said(pets: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_cache, "MOST_BYTES", 6 * 24 - 1)
    assert load(pets).notes == ("the decoded pictures take 144 bytes, too many to keep: each run decodes them again",)
    assert not cache.exists()
