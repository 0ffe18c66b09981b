"""How the cells of one column are written: which words are gaps, and the forms of numbers and dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.tables.dates import SECONDS_A_DAY, DateFormat
from mlpcli.tables.number_format import NumberFormat
from mlpcli.tables.texts import with_one_dictionary

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class ColumnFormat:
    """Decided from all rows of the training file, and stored with the model, so that new rows are read alike.

    number, date: how these are written, where it is not the plain form. gaps: texts that stand for a missing value
    here, besides those that do so everywhere. values: of the latter, those that are values here (a class "None").
    """

    number: NumberFormat | None = None
    date: DateFormat | None = None
    gaps: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For the model's metadata."""
        return {**asdict(self), "gaps": list(self.gaps), "values": list(self.values)}

    def read(self, column: pa.ChunkedArray, gap_words: Sequence[str]) -> pa.ChunkedArray:
        """The column in plain form: "4500" for "$4,500", "2024-10-11 00:00:00" for "11/10/2024", null for a gap.

        Texts that have another form stay as they are, for errors to name them.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        gaps = [word for word in (*gap_words, *self.gaps) if word not in self.values]
        column = without_gaps(column, gaps)
        form = self.number or self.date
        if form is None:
            return column
        encoded = with_one_dictionary(column)
        if not encoded.chunks:
            return column
        plain = self._plain(encoded.chunk(0).dictionary)
        chunks = [pa.DictionaryArray.from_arrays(chunk.indices, plain) for chunk in encoded.chunks]
        return pc.cast(pa.chunked_array(chunks, encoded.type), column.type)

    def _plain(self, texts: pa.Array) -> pa.Array:
        """Distinct texts in plain form."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.number is not None:
            values = self.number.read(texts)
            plain = pc.cast(pa.array(values), pa.string())
        else:
            days = self.date.read(texts) if self.date is not None else np.full(len(texts), np.nan)
            values = np.round(days * SECONDS_A_DAY * 1e6)
            ticks = pa.array(np.nan_to_num(values).astype(np.int64), pa.timestamp("us"))
            plain = pc.cast(ticks, pa.string())
        return pc.if_else(pa.array(np.isnan(values)), texts, pc.cast(plain, texts.type))


def without_gaps(column: pa.ChunkedArray, gap_words: Sequence[str]) -> pa.ChunkedArray:
    """A column of text with null for each of these words, and for an empty text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_gap = pc.is_in(column, value_set=pa.array(["", *gap_words], column.type), skip_nulls=True)
    return pc.if_else(is_gap, pa.scalar(None, column.type), column) if pc.any(is_gap).as_py() else column


PLAIN_FORMAT = ColumnFormat()
