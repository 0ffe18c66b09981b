"""`mlpcli init`: a first config for data, and on request the data itself as a CSV. No TensorFlow."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.data_paths import BUILT_IN_PREFIX, built_in_name
from mlpcli.config.data_words import DATA_ENDINGS, resolve_task
from mlpcli.config.sections import DataConfig
from mlpcli.config.yaml_writer import yaml_value
from mlpcli.data.catalog import CATALOG, BuiltIn
from mlpcli.data.dataset import Source, layout_of
from mlpcli.data.images.class_folders import LeftOut, find_parts, is_class_folder, other_files, training_files
from mlpcli.data.images.decoding import quiet_pillow
from mlpcli.data.images.load_images import load_image_folder, unlabelled_notes, unwatched
from mlpcli.data.images.pictures import LARGEST_PROPOSED, read_headers
from mlpcli.data.images.sorting_hints import refuse_classes_in_names, refuse_table_of_labels
from mlpcli.data.namesakes import namesake_of, own_data
from mlpcli.data.sources import load_source
from mlpcli.data_folder import located
from mlpcli.errors import SettingError, UserError
from mlpcli.files import STANDARD_OUTPUT, check_folder, check_free, new_file
from mlpcli.runs.directory import LONGEST_NAME_BYTES, folder_name
from mlpcli.tables.table_files import is_table_path
from mlpcli.text import did_you_mean, shown
from mlpcli.workflows.starter_data import Entry, Preset, StarterData, choose_preset, preset_called


@dataclass(frozen=True)
class InitResult:
    """The config that was written, and what the data turned out to be.

    text: of the config. config: its file, None where it is for standard output alone. data: the CSV of a generated
    set, where one was asked for. found: the data in one line. notes: what the user should know about it.
    """

    text: str
    config: Path | None
    data: Path | None
    found: str
    notes: tuple[str, ...]


def starting_points() -> list[BuiltIn]:
    """The data sets that need no path, for those who have no data yet."""
    from mlpcli.data.catalog import CATALOG

    return list(CATALOG.values())


def init(
    data: str | Path | None = None,
    target: str | Sequence[str] | None = None,
    output: Path | None = None,
    generate: str | None = None,
    preset: str | None = None,
) -> InitResult:
    """Write a commented config that trains on the data as it is.

    Args:
        data: a built-in name or a path, as data.source takes them.
        target: tables: the column to predict, or several numbers; guessed where it is None.
        output: the config's file; by default the data's name with .yaml, in the current folder; `-` writes no file.
        generate: instead of data, a generated set, which is also written as a CSV beside the config.
        preset: fast, strong or best; None: strong for tables of 500 rows or more, else fast, and so for generated sets.

    Raises:
        UserError: neither or both of data and generate, an unknown name, or a file that would be overwritten.
        DataError: the data cannot be read.
        OutputError: a file cannot be written.
    """

    if (data is None) == (generate is None):
        raise UserError("give either data or --generate NAME; mlpcli init alone lists what there is")
    targets = (target,) if isinstance(target, str) else tuple(target or ())
    wanted = preset_called(preset)
    _check_names(data, *targets, output)
    name = config_name(str(data if generate is None else _generated(generate)))
    config = output or Path(f"{name}.yaml")
    to_file = config != STANDARD_OUTPUT
    folder = config.parent if to_file else Path()
    check_folder(folder)
    if to_file:
        check_free(config)
    if generate is None:
        return _write_config(str(data), targets, config if to_file else None, folder, None, wanted)
    table = folder / f"{generate}.csv"
    check_free(table)
    with new_file(table, _generated_csv(generate)):
        from mlpcli.data.generated import RECIPES

        names = targets or (RECIPES[generate].target,)
        return _write_config(str(table), names, config if to_file else None, folder, table, wanted or "fast")


def _write_config(
    data: str, targets: tuple[str, ...], config: Path | None, folder: Path, table: Path | None, wanted: Preset | None
) -> InitResult:
    """Write the config; its text is first loaded as a config, as a check."""
    from mlpcli.config.load_config import check_document
    from mlpcli.config.yaml_reader import parse_yaml
    from mlpcli.workflows.init_text import starter_text

    name = config_name(data if config is None else config.stem)
    file = str(config or f"{name}.yaml")
    starter = look_at_data(data, targets, folder)
    chosen, notes = choose_preset(wanted, starter)
    text = starter_text(starter, name, file, chosen)
    check_document(parse_yaml(text, file), folder, name)
    if config is not None:
        with new_file(config, text):
            pass
    return InitResult(text, config, table, starter.found, (*starter.notes, *notes))


def _check_names(*names: object) -> None:
    """Refuse names that are not UTF-8, which a config cannot hold; Python decodes their bytes to lone surrogates."""
    for name in map(str, names):
        if any("\ud800" <= letter <= "\udfff" for letter in name):
            raise UserError(f"{name}: this name is not UTF-8, so no config can hold it; rename it")


def _generated(name: str) -> str:
    from mlpcli.data.generated import RECIPES

    if name not in RECIPES:
        names = ", ".join(RECIPES)
        raise UserError(
            f'--generate: no generated set is called "{name}"; choose from {names}{did_you_mean(name, RECIPES)}'
        )
    return name


def _generated_csv(name: str) -> str:
    from mlpcli.config.sections import GenerateConfig
    from mlpcli.data.generated import csv_text

    return csv_text(name, GenerateConfig())


def look_at_data(data: str, targets: Sequence[str], folder: Path) -> StarterData:
    """Look at whatever `data` names: a built-in set, or a path. `folder` is where the config will stand.

    Raises:
        DataError: it does not exist, is of an unsupported type, or is damaged.
        SettingError: the target does not exist, or the data has a target of its own.
    """
    built_in, notes = _built_in(data)
    path = Path(data) if built_in is not None else located(data)
    if built_in is None and is_table_path(path):
        if path.is_dir():
            refuse_table_of_labels(path)
        from mlpcli.workflows.init_table import look_at_table

        starter = look_at_table(path, source_from(folder, path), targets)
        return replace(starter, notes=(*notes, *starter.notes))
    if targets:
        raise SettingError("--target", f"is for tables, and {shown(data)} brings its own target; leave it out")
    if built_in is not None:
        starter = _from_catalog(built_in, folder)
    elif path.is_dir() and is_class_folder(path):
        starter = look_at_pictures(path, source_from(folder, path), folder)
    else:
        starter = _from_arrays(path, folder)
    return replace(starter, notes=(*notes, *starter.notes))


def _built_in(data: str) -> tuple[BuiltIn | None, list[str]]:
    """The built-in set that is meant, if it is one, and a note where something here is called like it."""
    name = built_in_name(data)
    own, notes = namesake_of("DATA", Path(data)) if name == data else (None, [])
    return (None if name is None or own is not None else CATALOG[name]), notes


def source_from(folder: Path, path: Path) -> str:
    """A path as a config in `folder` writes it: relative where that is possible, and never like a built-in name."""
    try:
        relative = os.path.relpath(os.path.abspath(path), os.path.realpath(folder))
    except ValueError:  # another drive of Windows
        return str(path.absolute())
    return os.path.join(".", relative) if relative in CATALOG or relative.startswith("~") else relative


def _from_catalog(built_in: BuiltIn, folder: Path) -> StarterData:
    rows, classes = built_in.train_rows, built_in.class_names
    target = "a number to predict" if classes is None else f"{len(classes)} classes"
    made = "generated " if built_in.generated else ""
    entries: list[Entry] = []
    if built_in.generated:
        entries.append((f"generate: {{rows: {rows}}}", "also noise and seed; docs/config.md has the rest"))
    elif built_in.files:
        entries.append(("# path: FOLDER", "a folder that holds its files already; without it, Keras downloads them"))
    return StarterData(
        found=f"{built_in.name}: {built_in.line}; {rows:,} {made}rows, {target}",
        source=(BUILT_IN_PREFIX if own_data(folder / built_in.name) else "") + built_in.name,
        task=built_in.task,
        rows=rows,
        inputs=int(np.prod(built_in.input_shape)),
        own_test=built_in.test_rows is not None,
        form="image" if built_in.kind == "image" else "array",
        entries=tuple(entries),
    )


def _from_arrays(path: Path, folder: Path) -> StarterData:
    source = load_source(DataConfig(source=str(path.absolute() if str(path) in CATALOG else path)))
    shape = "x".join(str(size) for size in source.input_shape)
    what = "images of" if source.kind == "image" else "a table of columns:"
    targets = layout_of(source).targets
    numbers = "a number to predict" if targets == 1 else f"{targets} numbers to predict"
    target = numbers if source.class_names is None else f"{len(source.class_names)} classes"
    return StarterData(
        found=f"{path.name}: {len(source.train):,} rows, {what} {shape}, {target}",
        source=source_from(folder, path),
        task=resolve_task("auto", source.class_names),
        rows=len(source.train),
        inputs=int(np.prod(source.input_shape)),
        targets=targets,
        own_test=source.test is not None,
        form="image" if source.kind == "image" else "array",
        class_rows=_class_rows(source),
        notes=source.notes,
    )


def _class_rows(source: Source) -> tuple[int, ...]:
    if source.class_names is None:
        return ()
    counts = np.bincount(source.train.y)
    return tuple(counts[counts > 0].tolist())


def look_at_pictures(path: Path, source: str, folder: Path) -> StarterData:
    """Look at class folders (see `look_at_data`)."""
    parts, left_out = find_parts(path), LeftOut()
    refuse_classes_in_names(parts.train)
    files = training_files(path, parts.train, left_out)
    for part in filter(None, (parts.test, parts.validation)):
        other_files(path, part, files.class_names, LeftOut())  # which says what training would refuse
    with quiet_pillow():
        headers = read_headers(files.files, unwatched)
    good = np.array([index not in headers.broken for index in range(len(files.files))])
    if not good.any():
        load_image_folder(path, DataConfig(source=str(path)))  # which says what is wrong with them
    size, why = _common_size(headers.sizes[good])
    color = "rgb" if 2 * int(headers.coloured[good].sum()) > int(good.sum()) else "grayscale"
    entries: list[Entry] = [(f"image: {{size: [{size[0]}, {size[1]}], color: {color}}}", why)]
    if parts.validation is not None:
        entries.append((f"validation: {yaml_value(source_from(folder, parts.validation))}", "its own pictures"))
    entries.append(("scaling: standardize", "mean 0, spread 1; with unit, a small relu network may learn nothing"))
    classes, rows = files.class_names, int(good.sum())
    return StarterData(
        found=f"{path.resolve().name}: {rows:,} pictures in {len(classes)} class folders",
        source=source,
        task=resolve_task("auto", classes),
        rows=rows,
        inputs=size[0] * size[1] * (3 if color == "rgb" else 1),
        own_test=parts.test is not None,
        form="image",
        class_rows=tuple(np.bincount(files.labels[good], minlength=len(classes)).tolist()),
        entries=tuple(entries),
        notes=(*left_out.notes(), *unlabelled_notes(parts)),
    )


def _common_size(sizes: Array) -> tuple[tuple[int, int], str]:
    """(height, width): the middle of the pictures' own, made smaller where a side is longer than 64."""
    middle = np.median(sizes, axis=0)
    small = np.maximum(1, np.round(middle * min(1, LARGEST_PROPOSED / middle.max()))).astype(int)
    size = (int(small[0]), int(small[1]))
    if len(np.unique(sizes, axis=0)) > 1:
        lowest, highest = sizes[sizes.prod(axis=1).argmin()], sizes[sizes.prod(axis=1).argmax()]
        return size, f"height, width; the pictures have from {lowest[0]}x{lowest[1]} to {highest[0]}x{highest[1]}"
    if size == tuple(sizes[0]):
        return size, "height, width; all pictures are that size"
    return size, f"height, width; the pictures are {sizes[0, 0]}x{sizes[0, 1]}, and dense layers want few inputs"


WILDCARDS = re.compile(r"[*?\[]")
OTHERWISE = "data"


def config_name(data: str) -> str:
    """`people (1).csv.gz` to `people-1`; of a pattern such as `people/*.csv` the folder's name."""
    path = Path(built_in_name(data) or data).expanduser()
    while WILDCARDS.search(path.name) and not path.exists():
        path = path.parent
    name = path.name or path.resolve().name
    while name.lower().endswith(DATA_ENDINGS):
        name = name[: name.rindex(".")]
    kept = (letter if _allowed(letter) else "-" for letter in unicodedata.normalize("NFC", name))
    name = re.sub("-+", "-", "".join(kept)).strip("-.")
    name = name.encode("utf-8")[:LONGEST_NAME_BYTES].decode("utf-8", "ignore").rstrip("-.")
    try:
        return folder_name(name)
    except ValueError:
        return OTHERWISE


def _allowed(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN" or letter in "._-"
