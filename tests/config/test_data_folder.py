"""MLPCLI_DATA: what is found in it, what it does not touch, and what is said where it is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mlpcli.data.cifar import has_cifar10
from mlpcli.data.idx import has_whole_idx
from mlpcli.data_folder import data_folder, find_built_in, find_data, incomplete_set, located, unpack_first
from mlpcli.errors import ConfigError, DataError
from mlpcli.workflows.prepare import read_config

IDX = [f"{half}-{what}-ubyte.gz" for half in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]
BATCHES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


@pytest.mark.parametrize(
    ("there", "name", "found"),
    [
        (["펭귄.csv"], "펭귄.csv", "펭귄.csv"),
        (["tabular/p.csv"], "p.csv", "tabular/p.csv"),
        (["tabular/p.csv"], "./tabular/p.csv", "tabular/p.csv"),
        (["b/p.csv", "a/p.csv"], "b/p.csv", "b/p.csv"),
        (["b/p.csv", "a/p.csv", "p.csv"], "p.csv", "p.csv"),
        (["photos/train/cat/1.png"], "photos/train", "photos/train"),
        ([".hidden/p.csv", "a/b/p.csv"], "p.csv", None),
        (["p.csv"], "../자료 [1]/p.csv", None),
        (["p.csv"], "/p.csv", None),
        (["p.csv"], ".", None),
        (["p.csv"], "p\0.csv", None),
        (["p.csv"], "q*.csv", None),
    ],
)
def test_files_are_found(files: Callable[..., Path], there: list[str], name: str, found: str | None) -> None:
    folder = files(*there)
    assert find_data(name) == (folder / found if found else None)


@pytest.mark.parametrize("name", ["p.csv", "p*.csv", "deep/p.csv"])
def test_which_of_several_is_asked(files: Callable[..., Path], name: str) -> None:
    folder = files("b/p.csv", "a/p.csv", "b/deep/p.csv", "a/deep/p.csv")
    message = f"{folder}: several folders in it hold {name}; write a/{name} or b/{name}"
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        find_data(name)


def test_a_second_way_to_the_same_file_is_no_second_one(files: Callable[..., Path]) -> None:
    folder = files("b/p.csv")
    (folder / "a").symlink_to(folder / "b")
    assert find_data("p.csv") == folder / "a" / "p.csv"
    names = [f"{letter}/q.csv" for letter in "cdefghi"]
    files(*names)
    with pytest.raises(DataError, match=re.escape(f"write {' or '.join(names[:5])} or ...")):
        find_data("q.csv")


def test_a_pattern_is_found_where_something_matches(files: Callable[..., Path]) -> None:
    files("a/other.csv", "b/part-1.csv", "b/part-2.csv")
    found = find_data("part-*.csv")
    assert found is not None
    assert sorted(path.name for path in Path("/").glob(str(found)[1:])) == ["part-1.csv", "part-2.csv"]


def test_what_is_beside_the_config_comes_first(files: Callable[..., Path], tmp_path: Path) -> None:
    folder = files("p.csv", "q.csv")
    (tmp_path / "p.csv").touch()
    assert located("p.csv", tmp_path) == tmp_path / "p.csv"
    assert located("?.csv", tmp_path) == tmp_path / "?.csv"
    assert located("q.csv", tmp_path) == folder / "q.csv"
    assert located("gone.csv", tmp_path) == tmp_path / "gone.csv"
    assert located("~/gone.csv", tmp_path) == Path.home() / "gone.csv"


@pytest.mark.parametrize(
    ("name", "there", "found"),
    [
        ("mnist", [f"mnist/{name}" for name in IDX], "mnist"),
        ("mnist", [f"images/mnist/{name.replace('-idx', '.idx').removesuffix('.gz')}" for name in IDX], "images/mnist"),
        ("mnist", [f"mnist/{name}" for name in IDX[1:]], None),
        ("mnist", [f"fashion-mnist/{name}" for name in IDX], None),
        ("mnist", IDX, None),
        ("mnist", ["mnist.npz"], "mnist.npz"),
        ("mnist", ["mnist/mnist.npz"], "mnist/mnist.npz"),
        ("fashion_mnist", [f"fashion-mnist/{name}" for name in IDX], "fashion-mnist"),
        ("fashion_mnist", [f"fashion_mnist/{name}" for name in IDX], "fashion_mnist"),
        ("cifar10", [f"cifar10/{name}.bin" for name in BATCHES], "cifar10"),
        ("cifar10", [f"cifar-10-batches-py/{name}" for name in BATCHES], "cifar-10-batches-py"),
        ("cifar10", [f"cifar-10/cifar-10-batches-bin/{n}.bin" for n in BATCHES], "cifar-10/cifar-10-batches-bin"),
        ("cifar10", [f"cifar10/{name}" for name in [*BATCHES[:3], *(f"{name}.bin" for name in BATCHES[3:])]], None),
        ("digits", [f"digits/{name}" for name in IDX], None),
    ],
)
def test_built_in_sets_are_found(files: Callable[..., Path], name: str, there: list[str], found: str | None) -> None:
    folder = files(*there)
    place = find_built_in(name)
    assert place == (folder / found if found else None)
    assert place is None or place.is_file() or (has_cifar10(place) if name == "cifar10" else has_whole_idx(place))


@pytest.mark.parametrize(
    ("inside", "name", "files_of", "found"),
    [
        ("mnist", "mnist", IDX, True),
        ("fashion-mnist", "fashion_mnist", IDX, True),
        ("FashionMNIST/raw", "fashion_mnist", IDX, True),
        ("raw", "fashion_mnist", IDX, False),
        ("fashion-mnist", "mnist", IDX, False),
        ("mnist", "mnist", IDX[1:], False),
        ("any", "cifar10", BATCHES, True),
    ],
)
def test_the_variable_may_name_the_folder_of_a_set_itself(
    files: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    inside: str,
    name: str,
    files_of: list[str],
    found: bool,
) -> None:
    folder = files(*(f"{inside}/{file}" for file in files_of)) / inside
    monkeypatch.setenv("MLPCLI_DATA", str(folder))
    assert find_built_in(name) == (folder if found else None)


@pytest.mark.parametrize(
    ("name", "there", "lacks"),
    [
        ("mnist", [f"mnist/{name}" for name in IDX[2:]], ("mnist", "train-images-idx3-ubyte, train-labels-idx1-ubyte")),
        ("cifar10", [f"cifar10/{name}.bin" for name in BATCHES[1:]], ("cifar10", "data_batch_1.bin")),
        ("cifar10", [f"x/cifar-10-batches-py/{name}" for name in BATCHES[:5]], ("x/cifar-10-batches-py", "test_batch")),
        ("mnist", ["mnist/readme.txt"], None),
        ("digits", [f"mnist/{name}" for name in IDX[1:]], None),
    ],
)
def test_a_set_that_lacks_a_file(
    write_config: Callable[..., Path], files: Callable[..., Path], name: str, there: list[str],
    lacks: tuple[str, str] | None,
) -> None:  # fmt: skip
    folder = files(*there)
    said = f"{folder / lacks[0]} is skipped because it lacks {lacks[1]}" if lacks else None
    assert incomplete_set(name) == said
    notes = read_config(write_config(f"data: {{source: {name}}}")).notes
    assert notes == ((f"data.source: {said}",) if said else ())


@pytest.mark.parametrize(
    ("setting", "folder"),
    [("", None), ("  ", None), (".", "."), ("sets", "sets"), ("~/sets", "sets"), ("./sets/../sets/", "sets")],
)
def test_how_the_variable_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, folder: str | None
) -> None:
    (tmp_path / "sets").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLPCLI_DATA", setting)
    assert data_folder() == (None if folder is None else tmp_path / folder)


def test_a_wrong_variable_is_an_error_where_it_is_asked(
    write_config: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.csv").touch()
    monkeypatch.setenv("MLPCLI_DATA", str(tmp_path / "p.csv"))
    assert read_config(write_config("data: {source: p.csv}")).config.data.source == str(tmp_path / "p.csv")
    assert read_config(write_config("data: {source: mnist}")).config.data.path is None
    with pytest.raises(DataError, match=r"p.csv: is a file, but MLPCLI_DATA is set to it; correct MLPCLI_DATA"):
        find_built_in("mnist")
    with pytest.raises(ConfigError) as caught:
        read_config(write_config("data:\n  source: q.csv"))
    assert str(caught.value) == (
        f"{tmp_path / 'my.yaml'}:2:3: data.source: q.csv is not in {tmp_path}, and {tmp_path / 'p.csv'}: is a file,"
        " but MLPCLI_DATA is set to it; correct MLPCLI_DATA"
    )


@pytest.mark.parametrize(
    ("packed", "path", "command"),
    [
        ("photos.tar.gz", "photos/train", "tar -xzf 'FOLDER/photos.tar.gz' -C 'FOLDER'"),
        ("photos/train.zip", "photos/train", "unzip 'FOLDER/photos/train.zip' -d 'FOLDER/photos'"),
        ("sets/p.csv.tgz", "p.csv", "tar -xzf 'FOLDER/sets/p.csv.tgz' -C 'FOLDER/sets'"),
        ("other.tar.gz", "photos/train", None),
    ],
)
def test_a_packed_file_is_to_be_unpacked(
    files: Callable[..., Path], tmp_path: Path, packed: str, path: str, command: str | None
) -> None:
    folder = files(packed)
    (tmp_path / "configs").mkdir()
    expected = None if command is None else "unpack it first: " + command.replace("FOLDER", str(folder))
    assert unpack_first(tmp_path / "configs" / path) == expected
    if "sets" not in packed:
        assert unpack_first(folder / path) == expected
