"""The run directory: its name, how it comes to be, what is found in it."""

from __future__ import annotations

import os
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlpcli.errors import RunDirectoryError
from mlpcli.runs import directory as run_directory
from mlpcli.runs.directory import (
    create_exact_directory,
    create_run_directory,
    find_file,
    find_model,
    folder_name,
    held,
    removed_if_failed,
)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("fashion-mnist", "fashion-mnist"),
        ("패션 MNIST  모델", "패션-MNIST-모델"),
        (" a ", "a"),
        ("_a.b-c", "_a.b-c"),
        ("é", "é"),
        ("한" * 26, "한" * 26),
        ("context", "context"),
    ],
)
def test_names_of_folders(name: str, folder: str) -> None:
    assert folder_name(name) == folder


def test_one_name_in_two_normal_forms_is_one_folder() -> None:
    assert folder_name(unicodedata.normalize("NFD", "모델")) == folder_name("모델") == "모델"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../x", "'/' is not allowed; use letters"),
        ("/x", "'/' is not allowed"),
        ("a/b", "'/' is not allowed"),
        ("a\\b", "is not allowed"),
        ("a\0b", "is not allowed"),
        ("a\nb", "is not allowed"),
        ("\u202eabc", "is not allowed"),
        ("a:b", "is not allowed"),
        ("💥", "is not allowed"),
        ("", "must not be empty"),
        ("   ", "must not be empty"),
        (".", "must start with a letter or a digit"),
        ("..", "must start with a letter or a digit"),
        (".hidden", "must start with a letter or a digit"),
        ("-rf", "must start with a letter or a digit"),
        ("CON", "reserved name"),
        ("lpt1.txt", "reserved name"),
        ("a.", "must not end with a dot"),
        ("x" * 81, "longer than 80 bytes"),
        ("한" * 27, "longer than 80 bytes"),
        ("x" * 300, "longer than 80 bytes"),
    ],
)
def test_names_that_no_folder_can_have(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        folder_name(name)


def test_a_second_run_gets_a_number(tmp_path: Path) -> None:
    made = [create_run_directory(tmp_path / "new" / "runs", "my run").name for _ in range(3)]
    assert made == ["my-run", "my-run-2", "my-run-3"]


def test_twenty_runs_at_once_get_folders_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda _: create_run_directory(tmp_path / "runs", "digits"), range(20)))
    assert len(set(made)) == 20
    assert all(path.is_dir() and path.is_absolute() for path in made)


def test_a_file_of_the_run_s_name_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "digits").write_text("mine")
    assert create_run_directory(tmp_path, "digits").name == "digits-2"


@pytest.mark.parametrize("inside", ["", "deeper"])
def test_a_file_in_the_way(tmp_path: Path, inside: str) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(RunDirectoryError, match="is a file, not a folder; choose another --runs-dir"):
        create_run_directory(tmp_path / "runs" / inside, "digits")
    with pytest.raises(RunDirectoryError, match="is a file, not a folder; choose another --run-dir"):
        create_exact_directory(tmp_path / "runs" / inside / "digits")


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.mkdir

    def mkdir(path: Path, *arguments: object, **options: object) -> None:
        if path.name == "digits":
            raise PermissionError(13, "Permission denied")
        real(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(
        RunDirectoryError, match="digits: cannot be created: Permission denied; choose another --runs-dir"
    ):
        create_run_directory(tmp_path, "digits")
    with pytest.raises(RunDirectoryError, match="digits: cannot be created: Permission denied"):
        create_run_directory(tmp_path / "digits", "x")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind root")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RunDirectoryError, match="cannot be created: Permission denied"):
            create_run_directory(tmp_path, "digits")
    finally:
        tmp_path.chmod(0o700)


def test_the_exact_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert create_exact_directory(tmp_path / "empty") == (tmp_path / "empty").resolve()
    assert create_exact_directory(tmp_path / "a" / "new").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(RunDirectoryError, match="file: is a file, not a folder; choose another --run-dir"):
        create_exact_directory(tmp_path / "file")
    (tmp_path / "empty" / "config.yaml").write_text("")
    with pytest.raises(RunDirectoryError, match="is not empty, and runs are never overwritten"):
        create_exact_directory(tmp_path / "empty")


def test_finding_files(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="nowhere: does not exist; give a run directory such as runs/digits"):
        find_file(tmp_path / "nowhere", run_directory.HISTORY)
    with pytest.raises(RunDirectoryError, match=r"has no history.csv, so it is not a run directory"):
        find_file(tmp_path, run_directory.HISTORY)
    (tmp_path / "history.csv").write_text("")
    assert find_file(tmp_path, run_directory.HISTORY) == tmp_path / "history.csv"
    with pytest.raises(RunDirectoryError, match=r"history.csv: is a file; give a run directory"):
        find_file(tmp_path / "history.csv", run_directory.CONFIG)


def test_finding_the_model(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=r"has no model.keras"):
        find_model(tmp_path)
    (tmp_path / "model.h5").write_text("")
    assert find_model(tmp_path).name == "model.h5"
    (tmp_path / "model.keras").write_text("")
    assert find_model(tmp_path).name == "model.keras"


def test_an_empty_folder_is_held_by_one_run_until_it_is_no_longer_empty(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("needs locks on folders")
    path = create_exact_directory(tmp_path / "run")
    with held(path):
        assert create_exact_directory(tmp_path / "run") == path  # empty still
        with pytest.raises(RunDirectoryError, match="another run has just begun in it; choose another --run-dir"):
            held(path).__enter__()
    with held(path):  # given back
        (path / "config.yaml").touch()
    with pytest.raises(RunDirectoryError, match="another run has just begun in it"):
        held(path).__enter__()


def test_a_lock_ends_with_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), held(tmp_path):
        raise ZeroDivisionError
    with held(tmp_path):
        pass


@pytest.mark.parametrize(("made", "others", "left"), [(True, [], None), (False, [], []), (True, ["a"], ["a"])])
def test_a_folder_whose_first_files_fail_is_left_as_it_was_before(
    tmp_path: Path, made: bool, others: list[str], left: list[str] | None
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()

    def write() -> None:
        for name in (*others, run_directory.CONFIG, run_directory.SPLIT):
            (folder / name).touch()
        raise OSError("full")

    with pytest.raises(OSError, match="full"), removed_if_failed(folder, made):
        write()
    assert ([path.name for path in folder.iterdir()] if folder.exists() else None) == left


@pytest.mark.parametrize("options", [{}, {"run_dir": "new"}, {"run_dir": "there"}])
@pytest.mark.parametrize("seeds", [None, 2])
def test_no_run_is_left_where_it_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, str], seeds: int | None
) -> None:
    from mlpcli.errors import OutputError
    from mlpcli.workflows import run
    from mlpcli.workflows.train import train, train_seeds

    def full(path: Path, value: object) -> None:
        raise OutputError(f"{path}: cannot be written")

    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    Path("my.yaml").write_text("data: {source: iris}\ntraining: {engine: numpy}\n", encoding="utf-8")
    monkeypatch.setattr(run, "write_json", full)
    with pytest.raises(OutputError, match="cannot be written"):
        train("my.yaml", **options) if seeds is None else train_seeds("my.yaml", seeds, **options)  # type: ignore[arg-type]
    assert not Path("new").exists()
    assert [*Path("there").iterdir(), *Path("runs").glob("*")] == []
