"""Where the data of a config lies, and from data.source, a name or a path, to a loaded data set."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.arrays import highest_pixel
from mlpcli.config.data_words import BUILT_IN_NAMES, resolve_task
from mlpcli.data.built_in import load_bundled, load_downloaded
from mlpcli.data.catalog import CATALOG, DIGIT_NAMES, BuiltIn
from mlpcli.data.dataset import Source, Watch
from mlpcli.data.generated import check_generate, load_generated
from mlpcli.data.idx import has_idx, read_idx_folder
from mlpcli.data.images.class_folders import holds_pictures, is_class_folder
from mlpcli.data.namesakes import namesake_of
from mlpcli.data.npz import load_npz
from mlpcli.data.settings import check_settings, choose_columns
from mlpcli.data_folder import (
    VARIABLE,
    VARIABLE_TOO,
    find_built_in,
    find_moved,
    incomplete_set,
    located,
    unpack_first,
)
from mlpcli.errors import ConfigError, DataError, SettingError
from mlpcli.files import missing_folder, near_file, reading
from mlpcli.text import did_you_mean

if TYPE_CHECKING:
    from mlpcli.config.load_config import LoadedConfig
    from mlpcli.config.sections import DataConfig


def find_sources(loaded: LoadedConfig) -> LoadedConfig:
    """The config with the places where its data lies: what is not where it says is looked for in MLPCLI_DATA.

    So the config of a run names the very files of its training; the notes say what was found.

    Raises:
        ConfigError: MLPCLI_DATA is needed but is not a folder, or several of its folders hold the file.
    """
    data, changes, notes = loaded.config.data, {}, list(loaded.notes)
    for key, (text, folder) in loaded.paths.texts.items():
        if key == "path":
            continue
        try:
            path = located(text, folder)
        except DataError as error:
            raise ConfigError([loaded.document.problem_at(("data", key), str(error))]) from error
        if path != folder / os.path.expanduser(text):
            notes.append(found_note(f"data.{key}", path))
            changes[key] = os.path.abspath(path)
    if loaded.paths.namesake is not None:
        own, more = namesake_of("data.source", Path(os.path.abspath(loaded.paths.namesake)))
        notes += more
        changes |= {"source": str(own)} if own else {}
    if (
        "source" not in changes
        and data.source in BUILT_IN_NAMES
        and (data.path is None or "path" not in loaded.paths.typed)
    ):
        with suppress(DataError):  # reported when the data is read
            changes |= _built_in_path(data.source, loaded.paths.texts.get("path", (None,))[0], notes)
    config = loaded.config.model_copy(update={"data": data.model_copy(update=changes)})
    return replace(loaded, config=config, notes=tuple(notes))


def found_note(key: str, path: Path) -> str:
    """The note about a path that was found in MLPCLI_DATA."""
    return f"{key}: found in {VARIABLE}: {path}"


def moved_note(key: str, old: str, path: Path) -> str:
    """The note about a built-in set whose files have moved to MLPCLI_DATA."""
    return f"{key}: {old} is gone; found in {VARIABLE}: {path}"


def _built_in_path(name: str, written: str | None, notes: list[str]) -> dict[str, str]:
    """{"path": folder} if MLPCLI_DATA has a built-in set that has no data.path, or whose stored path is gone; or {}."""
    found = find_built_in(name) if written is None else find_moved(name, written)
    if found is not None:
        note = found_note("data.source", found) if written is None else moved_note("data.path", written, found)
        notes.append(note)
        return {"path": str(found)}
    if written is None and (incomplete := incomplete_set(name)):
        notes.append(f"data.source: {incomplete}")
    return {}


READ_HERE = (
    "supported: built-in sets, tables (.csv .tsv .parquet), .npz files, folders of IDX files and of class folders"
)


def load_source(data: DataConfig, watch: Watch | None = None) -> Source:
    """Load the data set that data.source names, whole and unsplit: any but a table file (see `loading.py`).

    Raises:
        DataError: the source does not exist, its file type is unsupported, or a file is bad.
        SettingError: a setting does not fit the source.
    """
    built_in = CATALOG.get(data.source)
    if built_in is not None:
        return _with_image_form(_load_built_in(built_in, data))
    check_settings(data)
    with reading(Path(data.source)):
        source = _with_image_form(_load_path(Path(data.source), data, watch))
    resolve_task(data.task, source.class_names)
    if len(source.train) < 2:
        raise DataError(f"{data.source}: holds 1 training row; at least 2 are needed to learn anything")
    return source


def check_built_in(built_in: BuiltIn, data: DataConfig) -> None:
    """Whether the settings fit a built-in set, as far as its catalog entry tells.

    Raises:
        SettingError: data.path, data.generate, data.task, data.target, data.features or data.exclude does not fit.
    """
    if built_in.at_hand and data.path is not None:
        maker = "made by mlpcli" if built_in.generated else "bundled with scikit-learn"
        raise SettingError("data.path", f"{built_in.name} is {maker} and needs no files; remove it")
    check_settings(data, "generated set" if built_in.generated else "arrays")
    if built_in.generated:
        check_generate(built_in.name, data.generate)
    resolve_task(data.task, built_in.class_names)
    choose_columns(built_in.name, built_in.kind, built_in.feature_names, data)


def _load_built_in(built_in: BuiltIn, data: DataConfig) -> Source:
    check_built_in(built_in, data)
    if built_in.generated:
        return load_generated(built_in, data)
    if built_in.bundled:
        return load_bundled(built_in, data)
    with reading(Path(data.path or built_in.name)):
        return load_downloaded(built_in, data)


def _with_image_form(source: Source) -> Source:
    """Arrays of pictures tell by themselves how other pictures are made like them."""
    if source.kind != "image" or source.image is not None or source.pixel_max is None:
        return source
    from mlpcli.data.images.load_images import form_of_arrays

    return replace(source, image=form_of_arrays(source.train.x, source.pixel_max))


def _load_path(path: Path, data: DataConfig, watch: Watch | None) -> Source:
    name = path.name.lower()
    if not path.exists():
        raise DataError(_not_found(path))
    if path.is_dir():
        return _load_folder(path, data, watch)
    check_settings(data, "arrays")
    if name.endswith(".npz"):
        return load_npz(path, data)
    if name.endswith(".npy"):
        raise DataError(
            f"{path}: holds a single array; save inputs and targets together and give that file:"
            " numpy.savez('data.npz', x=x, y=y)"
        )
    if "idx" in name:
        raise DataError(f"{path}: is a single IDX file; set data.source to its folder, {path.parent}")
    raise DataError(f"{path}: unsupported file type; {READ_HERE}")


def _load_folder(folder: Path, data: DataConfig, watch: Watch | None) -> Source:
    if has_idx(folder):
        check_settings(data, "arrays")
        choose_columns(folder.name, "image", None, data)
        train, test = read_idx_folder(folder)
        return Source(folder.name, "image", train, test, DIGIT_NAMES, None, highest_pixel(train.x))
    if is_class_folder(folder) or holds_pictures(folder):
        from mlpcli.data.images.load_images import load_image_folder

        check_settings(data, "class folder")
        choose_columns(folder.name, "image", None, data)
        return load_image_folder(folder, data, watch or (lambda what, done, total: None))
    found = ", ".join(sorted(inner.name for inner in folder.iterdir())[:5]) or "nothing"
    raise DataError(f"{folder}: holds no tables, IDX files or class folders of pictures (found {found}); {READ_HERE}")


def _not_found(path: Path) -> str:
    if packed := unpack_first(path):
        return f"{path}: not found; {packed}"
    hint = did_you_mean(path.name, BUILT_IN_NAMES) or near_file(path)
    names = ", ".join(BUILT_IN_NAMES)
    return f"{path}: not found{missing_folder(path)}; give a path, or a built-in name: {names}; {VARIABLE_TOO}{hint}"
