"""MLPCLI_DATA: what is found in it, what it does not touch, and what is said where it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlpcli.config.data_folder import data_folder, find_built_in, find_data, located
from mlpcli.config.load import load_config
from mlpcli.data.cifar import has_cifar10
from mlpcli.data.idx_folder import has_whole_idx
from mlpcli.data.not_found import unpack_first
from mlpcli.errors import ConfigError, DataError

IDX = [f"{half}-{what}-ubyte.gz" for half in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]
BATCHES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes empty files below a folder of Hangul that MLPCLI_DATA then names; returns the folder."""
    folder = tmp_path / "자료 [1]"
    folder.mkdir()
    monkeypatch.setenv("MLPCLI_DATA", str(folder))

    def make(*names: str) -> Path:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        return folder

    return make


@pytest.mark.parametrize(
    ("there", "name", "found"),
    [
        (["펭귄.csv"], "펭귄.csv", "펭귄.csv"),
        (["tabular/p.csv"], "p.csv", "tabular/p.csv"),
        (["tabular/p.csv"], "./tabular/p.csv", "tabular/p.csv"),
        (["b/p.csv", "a/p.csv"], "p.csv", "a/p.csv"),
        (["a/p.csv", "p.csv"], "p.csv", "p.csv"),
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
    assert load_config(write_config("data: {source: p.csv}")).config.data.source == str(tmp_path / "p.csv")
    assert load_config(write_config("data: {source: mnist}")).config.data.path is None
    with pytest.raises(DataError, match=r"p.csv: is a file, and MLPCLI_DATA names it .*; correct MLPCLI_DATA"):
        find_built_in("mnist")
    with pytest.raises(ConfigError) as caught:
        load_config(write_config("data:\n  source: q.csv"))
    assert str(caught.value) == (
        f"{tmp_path / 'my.yaml'}:2:3: data.source: q.csv is not in {tmp_path}, and {tmp_path / 'p.csv'}: is a file,"
        " and MLPCLI_DATA names it as the folder of data sets; correct MLPCLI_DATA"
    )


def test_a_config_names_what_was_found(write_config: Callable[..., Path], files: Callable[..., Path]) -> None:
    folder = files("t/p.csv", "t/v.csv", "t/w.csv", *(f"mnist/{name}" for name in IDX))
    text = "data: {source: p.csv, validation: v.csv, test: w.csv}"
    data = load_config(write_config(text)).config.data
    assert [data.source, data.validation, data.test] == [
        str(folder / "t" / name) for name in ("p.csv", "v.csv", "w.csv")
    ]
    built_in = write_config("data: {source: mnist, path: mine}")
    assert load_config(built_in).config.data.path == str(built_in.parent / "mine")
    assert load_config(built_in, ["data.path=null"]).config.data.path == str(folder / "mnist")
    assert load_config(built_in, ["data.source=p.csv"]).config.data.source == str(folder / "t" / "p.csv")


def test_the_folder_of_one_set_is_not_read_as_another(write_config: Callable[..., Path], tmp_path: Path) -> None:
    """A run's config names MNIST's folder; `-s data.source=fashion_mnist` must not read it under other names."""
    config = write_config("data: {source: mnist, path: mine}")
    assert load_config(config, ["data.source=fashion_mnist"]).config.data.path is None
    data = load_config(config, ["data.source=fashion_mnist", "data.path=/other"]).config.data
    assert data.path == "/other"


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
