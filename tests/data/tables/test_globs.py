"""Globs: what they find is what Python's own glob finds, and what they look at is bounded."""

from __future__ import annotations

import glob
from pathlib import Path

import pytest

from mlpcli import globs
from mlpcli.data_folder import located
from mlpcli.errors import DataError
from mlpcli.globs import any_match, matches
from mlpcli.tables.table_files import is_table_path, table_files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Eight tables in folders, hidden ones among them, and links."""
    for name in ("a.csv", "b1.csv", "b2.CSV", ".c.csv", "in/a.csv", "in/deep/a.csv", ".out/a.csv", "x[1]/a.csv"):
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text("u,y\n1,a\n")
    (tmp_path / "tree" / "gone.csv").symlink_to("nowhere")
    (tmp_path / "tree" / "also").symlink_to("in")
    return tmp_path / "tree"


@pytest.mark.parametrize(
    "pattern",
    [
        "*.csv", "b?.csv", "b[12].*", ".*", "*/a.csv", "**/a.csv", "**", "**/*", "**/**/a.csv", "in/**", "in/**/*.csv",
        "../tree/*.csv", "*/*/*.csv", "nowhere/*", "a.csv/*", "x[[]1]/*", "x[1]/*", ".o*/*", "in/a.csv", "*/", "[",
    ],
)  # fmt: skip
def test_what_python_finds(tree: Path, monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    monkeypatch.chdir(tree)
    for whole in (Path(pattern), tree / pattern):
        itself = {tree, Path(), whole.parent}  # found by `**` at the end, and no file
        wanted = {Path(name) for name in glob.glob(str(whole), recursive=True)} - itself
        assert set(matches(whole)) - itself == wanted
        assert any_match(whole) == bool(wanted)


def test_what_is_looked_at_is_bounded(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(globs, "MOST_ENTRIES", 9)
    assert len(matches(tree / "*.csv")) == 3  # of nine that are looked at
    for look in (matches, any_match, is_table_path, table_files, located):
        with pytest.raises(DataError) as caught:
            look(tree / "**" / "*.xlsx")
        assert str(caught.value).endswith(
            "**/*.xlsx: more than 9 files and folders would have to be looked at; begin the pattern in a smaller folder"
        )


@pytest.mark.parametrize("pattern", ["*.csv", ""])
def test_how_many_are_found_is_bounded(tree: Path, monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    monkeypatch.setattr(globs, "MOST_FILES", 2)
    with pytest.raises(DataError, match=r"matches [34] files, but at most 2 are read; merge them"):
        table_files(tree / pattern)


def test_folders_that_lie_in_themselves_are_passed_through_once(tree: Path) -> None:
    (tree / "in" / "round").symlink_to(tree)
    (tree / "x[1]" / "there").symlink_to(tree / "in" / "deep")
    (tree / "in" / "deep" / "and back").symlink_to(tree / "x[1]")
    found = {path.relative_to(tree).as_posix() for path in matches(tree / "**" / "a.csv")}
    assert found >= {"a.csv", "in/a.csv", "in/deep/a.csv", "x[1]/a.csv", "also/a.csv", "x[1]/there/a.csv"}
    assert len(found) < 20
