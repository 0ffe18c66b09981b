"""A table that stays on disk: encoded once, and from then on read in pieces by whoever needs some of it."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mlpcli.arrays import Array, class_counts
from mlpcli.data.cache import cache_folder, make_set, remove_entry
from mlpcli.data.dataset import Part, Rows, Source, Splits
from mlpcli.data.streaming.convert import Draw, Fitted, TablePasses, fit_passes, write_parts
from mlpcli.data.streaming.disk_rows import RowRange
from mlpcli.data.streaming.stored_table import StoredSet, read_set, set_key
from mlpcli.errors import DataError
from mlpcli.files import strict
from mlpcli.machine import available_memory
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.profile import ColumnSummary
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_files import table_files, table_name
from mlpcli.tables.table_reader import give_back_memory
from mlpcli.text import spoken

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig
    from mlpcli.data.dataset import Watch


SHARES = (
    "rows are assigned to the parts as they stream by, so classes keep their shares only roughly (data.stratify is for"
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
    fresh = _sound_set(root / set_key(paths, data, seed))
    if fresh is not None and wanted in (None, fresh.about["preprocessing"]):
        return fresh
    target = root / set_key(paths, data, seed, wanted)
    found = _sound_set(target)
    if found is None:
        _convert(path, data, Draw.of(data, seed), stored, others, target, watch)
        found = read_set(target)
    if found is None:
        raise DataError(f"{path}: its encoded rows were removed from {target} during writing; start again")
    return found


def _sound_set(folder: Path) -> StoredSet | None:
    """The set, if what it says of itself can be used; or else it is removed, and None."""
    found = read_set(folder)
    if found is None:
        return None
    try:
        preprocessing = Preprocessing.from_json(found.about["preprocessing"])
        shapes = (len(preprocessing.pass_through),), preprocessing.target.row_shape
        sound = "train" in found.parts and all((x.shape[1:], y.shape[1:]) == shapes for x, y in found.parts.values())
        _ = [ColumnSummary(**column) for column in found.about["columns"]], [*found.about["notes"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        remove_entry(folder)
    return found if sound else None


def _convert(
    path: Path,
    data: DataConfig,
    draw: Draw,
    stored: Preprocessing | None,
    others: dict[str, Path],
    target: Path,
    watch: Watch,
) -> None:
    options = ReadOptions.of(data) if stored is None else stored.options
    passes = TablePasses(path, options, data.limit, watch)
    fitted = fit_passes(passes, data, draw) if stored is None else Fitted(stored, [], list(passes.notes))
    targets = max(1, len(fitted.preprocessing.target.names))
    needed = (passes.rows or 0) * (4 * len(fitted.preprocessing.pass_through) + 8 * targets)
    # How many rows the other tables have is not known; by their size, about as many for each byte.
    sizes = [sum(file.stat().st_size for file in table_files(place)) for place in (path, *others.values())]
    needed = int(needed * sum(sizes) / sizes[0])
    make_set(target, needed, path.name, lambda folder: write_parts(folder, passes, fitted, draw, others, watch))
    give_back_memory()


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


TEXT_FACTOR = 5.0
"""Memory that a CSV takes while it is read and encoded, for each byte of its text (4.3 to 4.7 were measured).
Beside it a byte for each bin of a number, whose float32 goes with about four characters."""
VALUE_BYTES = 28
"""And a Parquet file, for each of its values: as read (8), cast (8 and 8), and encoded (4)."""
PACKED_RATIO = 5
"""What text is usually packed by; only gzip files tell their size, and they only up to 4 GB."""
KEPT_FREE = 1 << 30
"""For TensorFlow and the network."""


def should_stream(path: Path, data: DataConfig) -> tuple[bool, str]:
    """Whether to stream the table (a file, a folder or a glob), and the sentence that says why; "" where it need not.

    auto streams what would not fit into the memory that is free at this moment, which may differ from run to run.

    Raises:
        DataError: the table does not exist.
    """
    if data.streaming == "never":
        return False, ""
    if data.streaming == "always":
        return True, "the rows are streamed from disk (data.streaming: always)"
    from mlpcli.tables.table_files import table_files

    files = [file for place in _paths(path, data) for file in table_files(place)]
    bins = data.numeric_encoding.bins if data.numeric_encoding is not None else 0
    needed, free = sum(memory_needed(file, bins) for file in files), available_memory()
    if free is None or needed + KEPT_FREE <= free:
        return False, ""
    size = sum(file.stat().st_size for file in files)
    return True, (
        f"a table of {spoken(size)} needs about {spoken(needed)} of memory, but {spoken(free)} are free, so it is"
        " streamed from disk; data.streaming: never loads it"
    )


def memory_needed(file: Path, bins: int = 0) -> int:
    """Roughly the bytes of memory for reading and encoding one table file; 0 if it does not exist.

    bins: of each number, at most.
    """
    if not file.is_file():  # opening a pipe would wait for ever; the reader says what is wrong
        return 0
    name = file.name.lower()
    if name.endswith(".parquet"):
        return _parquet_bytes(file, bins)
    size = file.stat().st_size
    if name.endswith(".gz"):
        return int((TEXT_FACTOR + bins) * max(size * PACKED_RATIO if size > 1 << 28 else size, _gzip_size(file)))
    packed = name.endswith((".bz2", ".zst", ".xz", ".lz4", ".br"))
    return int((TEXT_FACTOR + bins) * size * (PACKED_RATIO if packed else 1))


def _paths(path: Path, data: DataConfig) -> Iterator[Path]:
    yield path
    for other in (data.test, data.validation):
        if isinstance(other, str) and other != "test":
            yield Path(other)


def _gzip_size(file: Path) -> int:
    """The size of the text by the file's last four bytes, modulo 4 GiB; 0 if it is not a gzip file."""
    with open(file, "rb") as stream:
        if stream.read(2) != b"\x1f\x8b" or stream.seek(0, 2) < 18:
            return 0
        stream.seek(-4, 2)
        return int(struct.unpack("<I", stream.read(4))[0])


def _parquet_bytes(file: Path, bins: int) -> int:
    """From the file's own description; of a damaged one its size, since the reader will say what is wrong."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        about = pq.read_metadata(file)
    except (OSError, pa.ArrowException):
        return file.stat().st_size
    packed = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    return int(packed + (VALUE_BYTES + 4 * bins) * about.num_rows * about.num_columns)
