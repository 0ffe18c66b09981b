"""Class folders as `init` sees them: sizes and colors from the pictures' headers, nothing is decoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mlpcli.config.data import DataConfig
from mlpcli.data.dataset import Array
from mlpcli.data.images.entries import LeftOut
from mlpcli.data.images.folders import find_parts, training_files
from mlpcli.data.images.form import LARGEST_PROPOSED, read_headers
from mlpcli.data.images.loading import load_image_folder, unwatched
from mlpcli.data.images.opening import quiet_pillow
from mlpcli.data.task import resolve_task
from mlpcli.workflows.starter_data import Entry, StarterData, source_from
from mlpcli.workflows.yaml_value import yaml_value


def look_at_pictures(path: Path, source: str, folder: Path) -> StarterData:
    """Look at class folders (see `look_at_data`)."""
    parts, left_out = find_parts(path), LeftOut()
    files = training_files(path, parts.train, left_out)
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
        smallest_class=int(np.bincount(files.labels[good], minlength=len(classes)).min()),
        entries=tuple(entries),
        notes=left_out.notes(),
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
