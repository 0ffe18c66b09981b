"""Which paths are tables, and which files a path means: one file, a glob, a folder, hive-style folders."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from mlpcli.data_folder import VARIABLE_TOO, unpack_first
from mlpcli.errors import DataError
from mlpcli.files import missing_folder, near_file, reading
from mlpcli.globs import check_count, matches
from mlpcli.tables.excel import ENDINGS as WORKBOOKS

TEXT_ENDINGS = (".csv", ".tsv")
PARQUET_ENDING = ".parquet"
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
ENDINGS = ".csv, .tsv (also with .gz, .bz2 or .zst after it), .parquet and .xlsx"
DEEPEST = 10
"""Folders of the form key=value that are followed into each other."""
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def is_table_path(path: Path) -> bool:
    """Whether the path means tables: by its ending, as a glob of tables, or as a folder that holds some.

    A file need not be there: that is found out, and said, when it is read.

    Raises:
        DataError: a folder that may not be looked into, or a glob for which too much would be looked at.
    """
    with reading(path):
        if path.is_dir():
            return next(_tables_in(path), None) is not None
        if is_glob(path) and (found := matches(path)):
            return any(map(_is_table_name, found))
    return _is_table_name(path)


def table_files(path: Path) -> list[Path]:
    """The files, sorted by name, all of one format: text or Parquet.

    Raises:
        DataError: nothing is there, no table among it, both formats, or far too many files.
    """
    with reading(path):
        files = _files(path)
    if len({is_parquet(file) for file in files}) > 1:
        raise DataError(
            f"{path}: holds CSV and Parquet files ({_one_of_each(files)}); name those of one format with a glob,"
            ' for example "data/*.parquet"'
        )
    return files


def is_parquet(path: Path) -> bool:
    """Whether the file is Parquet, by its ending."""
    return path.suffix.lower() == PARQUET_ENDING


def is_glob(path: Path) -> bool:
    """Whether the path is a pattern; a file of that very name comes first."""
    return glob.has_magic(str(path)) and not path.exists()


def partition_values(path: Path, file: Path) -> dict[str, str | None]:
    """What the folders between the path that was asked for and the file say: `year=2024/` is {"year": "2024"}."""
    fixed = [part for part in path.parts if not glob.has_magic(part)] if is_glob(path) else path.parts
    pairs = [part.partition("=") for part in file.parts[len(fixed) : -1] if "=" in part]
    return {unquote(key): None if value == NO_VALUE else unquote(value) for key, _, value in pairs}


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(_tables_in(path))
        if not found:
            raise DataError(f"{path}: holds no tables; put files ending in {ENDINGS} there")
        check_count(path, len(found))
        return found
    if is_glob(path):
        every = matches(path)
        found = sorted(match for match in every if _is_table_name(match) and not match.is_dir())
        if not found:
            what = f"{len(every):,} files match, but none is a table" if every else "no file matches"
            where = "" if every else f"; {VARIABLE_TOO}"
            raise DataError(f"{path}: {what}; tables end in {ENDINGS}{where}")
        return found
    if not path.exists():
        way = unpack_first(path) or f"check the path; {VARIABLE_TOO}"
        raise DataError(f"{path}: not found{missing_folder(path)}; {way}{near_file(path)}")
    if not _is_table_name(path) and path.is_file():
        raise DataError(f"{path}: not the name of a table; tables end in {ENDINGS}")
    return [path]


def _is_table_name(path: Path) -> bool:
    name = path.name.lower()
    if name.endswith((PARQUET_ENDING, *WORKBOOKS)):
        return True
    return name.removesuffix(next((end for end in COMPRESSIONS if name.endswith(end)), "")).endswith(TEXT_ENDINGS)


def _tables_in(folder: Path, depth: int = 0) -> Iterator[Path]:
    """Tables directly in the folder and in its key=value folders; names that start with _ or . are skipped."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(("_", ".")):
                continue
            if entry.is_dir():
                if "=" in entry.name and depth < DEEPEST and not entry.is_symlink():
                    yield from _tables_in(folder / entry.name, depth + 1)
            elif _is_table_name(Path(entry.name)) and not entry.name.lower().endswith(WORKBOOKS):
                yield folder / entry.name


def _one_of_each(files: list[Path]) -> str:
    text = next(file for file in files if not is_parquet(file))
    return f"{text.name} and {next(file for file in files if is_parquet(file)).name}"


def table_name(path: Path) -> str:
    """What a table is called: its file without its ends, or the folder of a glob."""
    name = path.parent.name if any(sign in path.name for sign in "*?[") else path.name
    return name.split(".")[0] or name
