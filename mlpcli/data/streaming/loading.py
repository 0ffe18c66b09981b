"""A table that stays on disk: encoded once, and from then on read in pieces by whoever needs some of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mlpcli.artifacts.files import strict
from mlpcli.data.cache_folder import cache_folder
from mlpcli.data.class_weights import class_counts
from mlpcli.data.dataset import Array, Part, Rows, Source, Splits
from mlpcli.data.settings import check_settings
from mlpcli.data.streaming.cache import make_set
from mlpcli.data.streaming.convert import Fitted, fit_passes, write_parts
from mlpcli.data.streaming.draw import Draw
from mlpcli.data.streaming.passes import TablePasses
from mlpcli.data.streaming.row_range import RowRange
from mlpcli.data.streaming.set_key import set_key
from mlpcli.data.streaming.stored_set import StoredSet, read_set
from mlpcli.data.tables.files import table_files
from mlpcli.data.tables.loading import table_name
from mlpcli.data.tables.preprocessing import Preprocessing
from mlpcli.data.tables.read_options import ReadOptions
from mlpcli.data.tables.summaries import ColumnSummary
from mlpcli.errors import DataError

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig
    from mlpcli.data.dataset import Watch

SHARES = (
    "rows are drawn for each part as they stream by: classes keep their shares about, not exactly (data.stratify is for"
    " tables in memory)"
)


def load_streamed(
    path: Path, data: DataConfig, seed: int, stored: Preprocessing | None, watch: Watch, why: str = ""
) -> tuple[Source, Splits]:
    """The table in parts on disk, in memory that does not grow with its rows (`memory_bound`).

    The first time it is read three times and its encoded rows are kept in the cache folder, under a name made from
    everything they depend on; later it is only opened. Rows are drawn block by block from (seed, block): data.limit
    counts them as they stand in the file, before those without a target are left out.

    Args:
        path: a table, a folder of tables, a glob.
        data: the section of the config.
        seed: of the split.
        stored: the preprocessing of a trained model, used instead of one fitted now.
        watch: told how the passes go.
        why: the first of the notes.

    Raises:
        DataError, SettingError: as for a table in memory. OutputError: the disk has no room for the rows.
    """
    check_settings(data, "table")
    found = _opened(path, data, seed, stored, watch)
    preprocessing = Preprocessing.from_json(found.about["preprocessing"])
    parts = {
        name: Part(*cast("tuple[Array, Array]", files), _all(len(files[1]))) for name, files in found.parts.items()
    }
    _check_parts(path, parts, preprocessing)
    drawn = isinstance(data.test, float) or isinstance(data.validation, float)
    shares = [SHARES] if drawn and data.stratify and preprocessing.target.class_names is not None else []
    train = parts["train"]
    source = Source(
        table_name(path),
        "table",
        Rows(train.x, train.y),
        None,
        preprocessing.target.class_names,
        preprocessing.feature_names,
        None,
        preprocessing=preprocessing,
        columns=tuple(ColumnSummary(**column) for column in found.about["columns"]),
        notes=(*([why] if why else []), *found.about["notes"], *shares),
    )
    test = parts.get("test")
    return source, Splits(train, test if data.validation == "test" else parts.get("validation"), test)


def _opened(path: Path, data: DataConfig, seed: int, stored: Preprocessing | None, watch: Watch) -> StoredSet:
    """From the cache, or converted into it."""
    others = {
        name: Path(value)
        for name, value in (("test", data.test), ("validation", data.validation))
        if isinstance(value, str) and value != "test"
    }
    paths, root = [path, *others.values()], cache_folder("tables")
    wanted = json.loads(json.dumps(strict(stored.as_json()))) if stored is not None else None
    fresh = read_set(root / set_key(paths, data, seed))
    if fresh is not None and wanted in (None, fresh.about["preprocessing"]):
        return fresh
    target = root / set_key(paths, data, seed, wanted)
    found = read_set(target)
    if found is None:
        _convert(path, data, Draw.of(data, seed), stored, others, target, watch)
        found = read_set(target)
    if found is None:
        raise DataError(f"{path}: its encoded rows were removed from {target} as they were written; start again")
    return found


def _convert(
    path: Path,
    data: DataConfig,
    draw: Draw,
    stored: Preprocessing | None,
    others: dict[str, Path],
    target: Path,
    watch: Watch,
) -> None:
    passes = TablePasses(path, ReadOptions.of(data), data.limit, watch)
    fitted = fit_passes(passes, data, draw) if stored is None else Fitted(stored, [], list(passes.notes))
    needed = (passes.rows or 0) * (4 * len(fitted.preprocessing.pass_through) + 8)
    # How many rows the other tables have is not known; by their size, about as many for each byte.
    sizes = [sum(file.stat().st_size for file in table_files(place)) for place in (path, *others.values())]
    needed = int(needed * sum(sizes) / sizes[0])
    make_set(target, needed, path.name, lambda folder: write_parts(folder, passes, fitted, draw, others, watch))


def _all(rows: int) -> Any:
    return RowRange(rows)


def _check_parts(path: Path, parts: dict[str, Part], preprocessing: Preprocessing) -> None:
    """Rows without a target, or with gaps, are left out after the draw: a part may be empty, or of one class."""
    for name, part in parts.items():
        if len(part) == 0:
            raise DataError(
                f"{path}: no row is left for {name}, after those without a target or with gaps; add rows, or change"
                f" data.{name}"
            )
    names = preprocessing.target.class_names
    counts = class_counts(parts["train"].y, len(names)) if names is not None else None
    if names is not None and counts is not None and (counts > 0).sum() < 2:
        raise DataError(
            f'{path}: all {len(parts["train"]):,} training rows are of the class "{names[int(counts.argmax())]}";'
            " at least two classes are needed"
        )
