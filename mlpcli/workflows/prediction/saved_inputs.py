"""`--save-input`: what the network really sees, as pictures or as a table of numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mlpcli.artifacts.csv_output import CsvOutput
from mlpcli.data.dataset import Array
from mlpcli.data.other_rows import Layout
from mlpcli.errors import OutputError, UserError
from mlpcli.workflows.prediction.batch import InputBatch
from mlpcli.workflows.prediction.kinds import STANDARD_INPUT


def check_folder(folder: Path) -> None:
    """Only a new or an empty folder: a picture saved there could replace one that is the user's.

    Raises:
        UserError: it is a file, or holds files.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--save-input {folder}: is a file; give a folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"--save-input {folder}: is not empty, and nothing in it is overwritten; give a new folder")


class SavedInputs:
    """Writes examples into a folder: a PNG of the exact size for each picture, a CSV for each table.

    The CSV has the columns that the network sees, before its own scaling. Use it in a `with` statement.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.folder, self.layout = folder, layout
        self.columns = layout.feature_names or tuple(f"x{index}" for index in range(layout.input_shape[-1]))
        self._tables: dict[str, CsvOutput] = {}
        self._taken: set[str] = set()

    def __enter__(self) -> SavedInputs:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be made: {error.strerror}; choose another folder") from error
        return self

    def __exit__(self, *error: object) -> None:
        for output in self._tables.values():
            output.close()

    def add(self, batch: InputBatch) -> None:
        """Write the examples of a batch.

        Raises:
            OutputError: a full disk or a missing permission.
        """
        try:
            if len(self.layout.input_shape) == 1:
                self._add_rows(batch)
            else:
                self._add_pictures(batch)
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(f"{self.folder}: cannot be written: {reason}; choose another folder") from error

    def _add_rows(self, batch: InputBatch) -> None:
        import pyarrow as pa

        name = batch.name(0)
        if name not in self._tables:
            self._tables[name] = CsvOutput(self.folder / self._free(_stem(name), ".csv"))
        self._tables[name].write(pa.table({column: batch.x[:, i] for i, column in enumerate(self.columns)}))

    def _add_pictures(self, batch: InputBatch) -> None:
        from PIL import Image

        for index, pixels in enumerate(picture_of(batch.x, self.layout.pixel_max)):
            stem = _stem(batch.name(index))
            if batch.first is not None:
                stem = f"{stem}-{batch.first + index}"
            Image.fromarray(pixels).save(self.folder / self._free(stem, ".png"), format="PNG")

    def _free(self, stem: str, end: str) -> str:
        """A name that was not given before, in upper or lower case: two folders may hold a picture each of one name."""
        name, number = f"{stem}{end}", 1
        while name.lower() in self._taken:
            number += 1
            name = f"{stem}-{number}{end}"
        self._taken.add(name.lower())
        return name


def picture_of(x: Array, pixel_max: float | None) -> Array:
    """Examples (n, h, w[, c]) as pixels from 0 to 255 that Pillow takes, (n, h, w) or (n, h, w, 3).

    Where the range of the values is not known, it is that of these examples; of other numbers of channels, the mean.
    """
    values = x.astype(np.float32)
    if values.ndim == 4 and values.shape[-1] != 3:
        values = values.mean(axis=-1)
    low, high = (0.0, float(pixel_max)) if pixel_max else (float(values.min()), float(values.max()))
    pixels = np.rint((values - low) * (255 / ((high - low) or 1)))
    clipped: Array = np.clip(pixels, 0, 255).astype(np.uint8)
    return clipped


def _stem(name: str) -> str:
    """The name of a file without its folders and its (last) ending."""
    return "stdin" if name == STANDARD_INPUT else Path(name).stem
