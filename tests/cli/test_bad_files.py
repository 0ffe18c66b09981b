"""Folders of pictures, arrays, compressed and second files: what is wrong is named, and nothing is written."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

TABLE = "u,v,y\n" + "".join(f"{n % 7},{n * n % 11},{'ab'[n % 2]}\n" for n in range(40))
X, Y = np.random.default_rng(0).random((20, 3)), np.arange(20) % 2
Make = Callable[[], Any]


def picture(gray: int = 0, size: tuple[int, int] = (4, 4), form: str = "PNG") -> bytes:
    content = io.BytesIO()
    Image.new("L", size, gray).save(content, form)
    return content.getvalue()


def bomb(width: int, height: int) -> bytes:
    """The header of a PNG of that size, and a hundred bytes of it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    packed = (struct.pack(">I", len(body)) + kind + body for kind, body in chunks)
    ends = (struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(part + end for part, end in zip(packed, ends, strict=True))


def write(files: dict[str, bytes | str]) -> Make:
    def make() -> None:
        for name, content in files.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(content.encode() if isinstance(content, str) else content)

    return make


def pets(**more: bytes) -> dict[str, bytes | str]:
    """Ten pictures of cats and ten of dogs; more["cat/x"] is one more."""
    own = {f"pets/{name}/{n}.png": picture(20 * n + len(name)) for name in ("cat", "doggy") for n in range(10)}
    return {**own, **{f"pets/{name}.png": content for name, content in more.items()}}


def npz(**arrays: Any) -> Make:
    return lambda: np.savez("a.npz", **arrays)


INFINITE = np.where(np.arange(60).reshape(20, 3) == 10, np.inf, X)
PETS, ARRAYS = "data: {source: pets}\n", "data: {source: a.npz}\n"
STRICT = "data: {source: pets, strict: true}\n"
SECOND = "data: {source: a.csv, target: y, validation: b.csv}\n"
EXPECTED = "expected one folder per class, pets/cat/1.jpg pets/dog/2.jpg"
CUT = picture(form="BMP")[:-6]


def second(content: str) -> Make:
    return write({"a.csv": TABLE, "b.csv": content})


def packed(content: bytes) -> Make:
    return write({"a.csv.gz": content})


GZ = "data: {source: a.csv.gz, target: y}\n"
PARQUET = "data: {source: a.parquet, target: y}\n"
WRONG: list[tuple[str, Make, str, list[str]]] = [
    # Folders of pictures.
    ("nothing there", write({}), PETS, ["pets: not found"]),
    ("empty", lambda: Path("pets").mkdir(), PETS, ["pets: holds no tables, IDX files or class folders"]),
    ("pictures without classes", write({f"pets/{n}.png": picture() for n in range(9)}), PETS, [
        "pets: holds no class folders with pictures", "left out (9): 0.png, 1.png", EXPECTED]),
    ("classes without pictures", write({"pets/a/x.txt": "x", "pets/b/y.txt": "y"}), PETS, ["pets: holds no tables"]),
    ("one class", write({f"pets/cat/{n}.png": picture() for n in range(9)}), PETS, ['holds one class only ("cat")']),
    ("a class without pictures", write({**pets(), "pets/emu/a.txt": "x"}), PETS, ["pets/emu: holds no pictures"]),
    ("a class of broken pictures", write(pets(**{"emu/1": b"", "emu/2": CUT})), PETS, ["pets/emu: none of its"]),
    ("a class of one picture", write(pets(**{"emu/1": picture()})), PETS, ['data.stratify: the class "emu" has 1 row']),
    ("all broken", write({f"pets/{c}/{n}.png": b"" for c in "ab" for n in range(3)}), PETS, [
        "pets: none of the 6 pictures can be read: a/0.png is empty (0 bytes); a/1.png"]),
    ("two sizes", write(pets(**{"cat/x": picture(0, (5, 4))})), PETS, [
        "my.yaml:1:1: data.image.size: the pictures have 2 sizes, from 4x4 (cat/0.png) to 4x5 (cat/x.png); set"]),
    ("strict, empty", write(pets(**{"cat/x": b""})), STRICT, ["pets: 1 of 21 pictures cannot be read"]),
    ("strict, cut off", write(pets(**{"cat/x": CUT})), STRICT, ["cat/x.png is damaged or truncated"]),
    ("strict, no picture", write(pets(**{"cat/x": b"hello"})), STRICT, ["cat/x.png is not a picture in the formats"]),
    ("strict, a bomb", write(pets(**{"cat/x": bomb(100_000, 100_000)})), STRICT, ["cat/x.png claims far too many"]),
    ("a class that training lacks", write({**{f"pets/train/{name[5:]}": content for name, content in pets().items()},
        "pets/test/cats/1.png": picture()}), PETS, ['test/cats: the training pictures have no class "cats"; their']),
    # Arrays.
    ("pickled", npz(x=X, y=np.array([{}] * 20)), ARRAYS, ["a.npz: y.npy holds object values", "never pickled Python"]),
    ("one-hot", npz(x=X, y=np.eye(20)), ARRAYS, ["a.npz: y: is one-hot encoded; save one class index per row"]),
    ("label out of range", npz(x=X, y=np.arange(20), class_names=list("ab")), ARRAYS, ["label 2 in row 2 (from 0)"]),
    ("negative label", npz(x=X, y=Y - 1, class_names=list("ab")), ARRAYS, ["label -1 in row 0 (from 0)"]),
    ("too large", npz(x=X * 1e39, y=Y), ARRAYS, ["a.npz: x: row 0 (from 0) holds", "too large for 32-bit"]),
    ("infinite", npz(x=INFINITE, y=Y), ARRAYS, ["a.npz: x: 1 value is not finite", "row 3"]),
    ("no array", write({"a.npz": "hello"}), ARRAYS, ["a.npz: is not an .npz file, or is truncated"]),
    # Compressed tables, Parquet, other kinds.
    ("gzip cut off", packed(gzip.compress(TABLE.encode())[:-20]), GZ, ["a.csv.gz: is not a valid gzip file, or"]),
    ("no gzip", packed(TABLE.encode()), GZ, ["a.csv.gz: is not a valid gzip file, or is truncated"]),
    ("gzip and junk", packed(gzip.compress(TABLE.encode()) + b"junk"), GZ, ["a.csv.gz: is not a valid gzip file"]),
    ("gzip of zeros", packed(gzip.compress(b"u,v,y\n" + b"0" * 4_000_000)), GZ, ["a.csv.gz:2: expected 3 values"]),
    ("no Parquet", write({"a.parquet": "PAR1"}), PARQUET, ["a.parquet: is not a Parquet file, is damaged"]),
    ("Parquet, infinite", lambda: pq.write_table(pa.table({"u": [1.0, -np.inf] * 9, "y": ["a", "b"] * 9}), "a.parquet"),
        PARQUET, ['a.parquet: row 1 (from 0): u: "-inf" is infinite (8 more']),
    ("a spreadsheet", write({"a.xlsx": b"PK"}), "data: {source: a.xlsx}\n", ["a.xlsx: "]),
    ("/dev/zero", write({}), "data: {source: /dev/zero}\n", ["/dev/zero: unsupported file type"]),
    # A second file beside the training rows.
    ("validation missing", write({"a.csv": TABLE}), SECOND, ["b.csv: not found; check the path"]),
    ("validation, other columns", second(TABLE.replace("v", "w", 1)), SECOND, ["b.csv: lacks the column v"]),
    ("validation, no target", second("u,v\n1,2\n"), SECOND, ["b.csv: lacks the column y"]),
    ("validation, other label", second(f"{TABLE}1,2,c\n"), SECOND, ['b.csv:42: y: the label "c" is not in']),
    ("validation, no number", second(f"{TABLE}x,2,a\n"), SECOND, ['b.csv:42: u: "x" is not a number; correct it']),
    ("validation, infinite", second(f"{TABLE}inf,2,a\n"), SECOND, ['b.csv:42: u: "inf" is not a number; correct it']),
    ("validation, ragged", second(f"{TABLE}1,2\n"), SECOND, ["b.csv:42: expected 3 values"]),
    ("validation, header only", second("u,v,y\n"), SECOND, ["b.csv: has the names of 3 columns but no rows"]),
    ("validation of other arrays", lambda: (np.savez("a.npz", x=X, y=Y), np.savez("b.npz", x=X[:, :2], y=Y)),
        "data: {source: a.npz, validation: b.npz}\n", ["b.npz: its rows have the shape (2,), but"]),
]  # fmt: skip


@pytest.mark.parametrize(("make", "config", "words"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
@pytest.mark.parametrize("command", ["validate", "train"])
def test_what_is_refused(
    mlpcli_here: Any,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    nothing_written: Any,
    command: str,
    make: Make,
    config: str,
    words: list[str],
) -> None:
    make()
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path_factory.mktemp("cache")))  # decoded pictures may go there
    (tmp_path / "my.yaml").write_text(config, encoding="utf-8")
    with nothing_written(tmp_path):
        done = mlpcli_here(command, "my.yaml")
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
    assert [word for word in words if word not in done.stderr] == [], done.stderr
    assert len(done.stderr) < 700


BROKEN = {
    "empty": (b"", "is empty (0 bytes)"),
    "cut": (CUT, "is damaged or truncated"),
    "text": (b"hello", "is not a picture in the formats"),
    "bomb": (bomb(100_000, 100_000), "claims far too many pixels, but at most 100 million are opened"),
    "60k": (bomb(60_000, 60_000), "claims far too many pixels"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_picture_is_left_out_and_named(mlpcli_here: Any, name: str) -> None:
    content, reason = BROKEN[name]
    write(pets(**{"cat/x": content}))()
    found = _validated(mlpcli_here)
    assert found["notes"][0].startswith(f"pictures that cannot be read are left out (1 of 21): cat/x.png {reason}")
    assert found["rows"] == {"train": 16, "validation": 4, "test": None}


def test_links_out_of_the_folder_are_left_out_and_said(mlpcli_here: Any) -> None:
    write({**pets(), "secret/1.png": picture(9)})()
    Path("pets/cat/out.png").symlink_to(Path("secret/1.png").resolve())
    Path("pets/mouse").symlink_to(Path("secret").resolve())
    found = _validated(mlpcli_here)
    assert found["notes"] == ["links that lead out of the folder or nowhere are left out (2): mouse, cat/out.png"]
    assert found["plan"]["class_names"] == ["cat", "doggy"]


def test_classes_of_pictures_may_have_any_name(mlpcli_here: Any) -> None:
    names = sorted(["a, b", 'say "x"', "=1+1", "두\n줄", "고양이"])
    write({f"pets/{name}/{n}.png": picture(10 * n + len(name)) for name in names for n in range(10)})()
    assert _validated(mlpcli_here)["plan"]["class_names"] == names


def test_the_same_pictures_for_training_and_test(mlpcli_here: Any) -> None:
    both = ((part, name, content) for part in ("train", "test") for name, content in pets().items())
    write({f"pets/{part}/{name[5:]}": content for part, name, content in both})()
    texts = [one["text"] for one in _validated(mlpcli_here)["look"]["findings"] if one["topic"] == "duplicates"]
    assert any(text.startswith("16 of 20 test rows (80 %) also appear among the training rows") for text in texts), (
        texts
    )


def _validated(mlpcli_here: Any) -> dict[str, Any]:
    Path("my.yaml").write_text(PETS, encoding="utf-8")
    done = mlpcli_here("validate", "my.yaml", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["a.csv.gz", "a.parquet", "a.npz", "folder/a.csv"])
def test_a_pipe_is_refused_and_not_waited_for(mlpcli_here: Any, pipe: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    pipe(tmp_path / name)
    (tmp_path / "my.yaml").write_text(f"data: {{source: {name.split('/')[0]}, target: y}}\n", encoding="utf-8")
    done = mlpcli_here("validate", "my.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{name}: is a pipe or a device; save the data to a regular file first" in done.stderr, done.stderr
