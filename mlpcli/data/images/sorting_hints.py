"""Pictures that are labelled in another way than by class folders, and the command that sorts them into these."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from pathlib import Path

from mlpcli.data.images.class_folders import holds_pictures, is_picture_name, visible
from mlpcli.errors import DataError
from mlpcli.tables.raw_table import RawTable, ReadOptions
from mlpcli.tables.table_files import is_parquet, table_files
from mlpcli.tables.table_reader import read_batches
from mlpcli.text import listed

LOOKED_AT = 200
_PREFIX = re.compile(r"([^\W\d_]+)[ ._-]*\(?\d")


def refuse_table_of_labels(folder: Path) -> None:
    """Refuse a folder with pictures and a table that names their classes (labels.csv), which would be read as a table.

    Raises:
        DataError: with a command that sorts the pictures into class folders.
    """
    places = [place for place in (folder, *visible(folder)) if place.is_dir() and holds_pictures(place)]
    for place in places:
        names = {path.name for path in visible(place) if is_picture_name(path.name)}
        for file in table_files(folder):
            if not is_parquet(file) and (columns := _label_columns(file, names)) is not None:
                raise DataError(
                    f"{folder}: {file.name} names the classes of the pictures in {place}, but pictures are read from"
                    f" one folder per class: sort them with {_by_table(file, place, names, *columns)}"
                )


def refuse_classes_in_names(folder: Path) -> None:
    """Refuse pictures in one folder that are called by their classes (cat.1.jpg).

    Raises:
        DataError: with a command that sorts them into class folders.
    """
    inside = visible(folder)
    names = [path.name for path in inside if is_picture_name(path.name)]
    classes = {match[1] for name in names if (match := _PREFIX.match(name))}
    if len(names) < len(inside) or not 2 <= len(classes) <= len(names) / 2 or not all(map(_PREFIX.match, names)):
        return
    code = (
        "import os, re, shutil; [(os.makedirs(d, exist_ok=True), shutil.copy(p, d))"
        f" for p in os.scandir({str(folder)!r}) for d in ['sorted/' + re.match(r'[^\\W\\d_]+', p.name)[0]]]"
    )
    raise DataError(
        f"{folder}: its file names begin with {len(classes)} classes ({listed(sorted(classes), 5)}), but pictures are"
        f" read from one folder per class: sort them with python -c {shlex.quote(code)}"
    )


def _label_columns(file: Path, names: set[str]) -> tuple[str, str] | None:
    """The columns of a table with the pictures' names and with their classes; None where it has none."""
    try:
        table: RawTable | None = next(iter(read_batches(file, ReadOptions(), LOOKED_AT)), None)
    except DataError:
        return None
    known = names | {Path(name).stem for name in names}
    columns = {} if table is None else {name: table.columns[name].to_pylist() for name in table.names}
    ids = [name for name, values in columns.items() if all(str(value) in known for value in values)]
    others = [name for name in columns if name not in ids[:1]]
    return (ids[0], others[0]) if ids and others else None


def _by_table(file: Path, place: Path, names: set[str], picture: str, label: str) -> str:
    endings = Counter(Path(name).suffix for name in names)
    ending = endings.most_common(1)[0][0]
    code = (
        "import csv, os, shutil; [(os.makedirs(d, exist_ok=True), shutil.copy(p, d))"
        f" for row in csv.DictReader(open({str(file)!r}, encoding='utf-8-sig')) for d in ['sorted/' + row[{label!r}]]"
        f" for p in [os.path.join({str(place)!r}, row[{picture!r}].removesuffix({ending!r}) + {ending!r})]]"
    )
    return f"python -c {shlex.quote(code)}"
