"""A cell as canonical text, the same for every file format, and the distinct texts of a column up to a limit."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mlpcli.tables.values import is_text, plain_texts

if TYPE_CHECKING:
    import pyarrow as pa


MOST_KEPT = 10_000
FEWEST_KEPT = 1_100
"""More than a target may have classes, so that these are always known whole."""
MOST_KEPT_IN_ALL = 5_000_000
"""Texts kept for all columns together: what bounds the memory for tables of very many columns."""
PIECE = 65_536
"""Rows looked at in one go; a column of many distinct values is given up after the first piece."""


def texts_kept(columns: int) -> int:
    """How many distinct texts are kept of each of so many columns."""
    return min(MOST_KEPT, max(FEWEST_KEPT, MOST_KEPT_IN_ALL // max(1, columns)))


class DistinctTexts:
    """Distinct values as canonical texts, in the order in which they came, until there are more than `most`.

    rows: how many values were looked at. many: there were more than `most` among these, and counting ended there.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self.most = most
        self.rows = 0
        self.many = False
        self._count = 0
        self._texts: Any = None

    def __len__(self) -> int:
        """How many there are; where there are many, among the rows that were looked at."""
        return self._count

    @property
    def all_differ(self) -> bool:
        """Whether no value came twice, as far as was looked."""
        return self._count == self.rows > 0

    def texts(self) -> list[str]:
        """The texts, `most` at most."""
        return [] if self._texts is None else [str(text) for text in self._texts.to_pylist()]

    def starts(self, count: int) -> list[str]:
        """The first few of the texts."""
        return [] if self._texts is None else [str(text) for text in self._texts[:count].to_pylist()]

    def any_matches(self, pattern: str) -> bool:
        """Whether a regular expression is found in any of the texts."""
        import pyarrow.compute as pc

        return self._texts is not None and bool(pc.any(pc.match_substring_regex(self._texts, pattern)).as_py())

    def discard(self, words: Collection[str], rows: int) -> None:
        """Forget these texts, which so many rows had."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._texts is not None and words:
            kept = pc.invert(pc.is_in(self._texts, value_set=pa.array(list(words), self._texts.type)))
            self._texts = self._texts.filter(kept)
            self._count -= int(pc.sum(pc.invert(kept)).as_py() or 0)
        self.rows -= rows

    def insert(self, word: str, rows: int) -> None:
        """Take in a text that so many rows have."""
        import pyarrow as pa

        self.add(pa.chunked_array([[word]]))
        self.rows += rows - 1

    def add(self, values: pa.ChunkedArray, encoded: Encoded | None = None) -> None:
        """Take in more values, none of them null; `encoded`, where it is given, are the same."""
        for start in range(0, len(values), PIECE):
            if self.many or (start == PIECE and encoded is not None and self._add_rest(encoded, start)):
                return
            piece = values.slice(start, PIECE)
            self._add(self._with(piece.unique()), len(piece))

    def _add_rest(self, encoded: Encoded, start: int) -> bool:
        """Take in the values from `start` on by their dictionary, if they are few: of many, it is not worth it."""
        if self._count >= FEWEST_KEPT or len(encoded.distinct) > self.most:
            return False
        texts = self._with(encoded.distinct.chunk(0))
        if len(texts) > self.most:
            return False
        self._add(texts, len(encoded.codes) - start)
        return True

    def _with(self, new: pa.Array) -> pa.Array:
        """The texts with those of new values, in the order in which they came."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = as_texts(pa.chunked_array([new])).cast(pa.large_string())
        old = [] if self._texts is None else [self._texts]
        return pc.unique(pa.chunked_array([*old, *texts.chunks], pa.large_string()))

    def _add(self, texts: pa.Array, rows: int) -> None:
        import pyarrow as pa

        self.rows += rows
        self._count = len(texts)
        self.many = self._count > self.most
        # A copy: a slice would keep all the rest in memory.
        self._texts = texts.take(pa.array(np.arange(self.most))) if self.many else texts


def with_one_dictionary(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as a dictionary that all of its chunks share."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        return column.unify_dictionaries()
    return column.dictionary_encode()  # gives all chunks one; to unify them again would read it anew for each chunk


class Encoded:
    """The distinct values of a column, and for each of its rows which of them it has: found when they are asked for."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._column = column

    @property
    def distinct(self) -> pa.ChunkedArray:
        return self._found[0]

    @property
    def codes(self) -> npt.NDArray[np.int64]:
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[pa.ChunkedArray, npt.NDArray[np.int64]]:
        return distinct_values(self._column)


def distinct_values(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, npt.NDArray[np.int64]]:
    """The distinct values of a column, and for each of its rows (n,) which of them it has; -1 for a null."""
    import pyarrow as pa

    chunks = with_one_dictionary(column).chunks
    if not chunks:
        return pa.chunked_array([], column.type), np.zeros(0, np.int64)
    codes = [np.asarray(chunk.indices.fill_null(-1), np.int64) for chunk in chunks]
    return pa.chunked_array([chunks[0].dictionary]), np.concatenate(codes)


def distinct_texts(column: pa.ChunkedArray) -> tuple[list[str | None], npt.NDArray[np.int64]]:
    """The same as canonical texts; one may come twice (3 and 3.0), and None stands for NaN."""
    values, codes = distinct_values(column)
    return as_texts(values).to_pylist(), codes


WHOLE = r"^([+-]?[0-9]+)\.0+$"
TRUTH = r"(?i)^(true|false)$"
MIDNIGHT = r"[ T]00:00:00(\.0+)?"


def as_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values as strings, null for a gap.

    One value has one text: the integer 3, the float 3.0, and "3" and "3.0" in a CSV are all "3"; True, TRUE and true
    are "true"; dates are ISO, without a time where it is midnight. Blanks around a text do not belong to it.

    >>> import pyarrow as pa
    >>> as_texts(pa.chunked_array([["3", " 3.0", "TRUE", None]])).to_pylist()
    ['3', '3', 'true', None]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_text(column):
        return _canonical(plain_texts(column))
    if pa.types.is_timestamp(column.type):
        return _timestamps(column)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        return _canonical(pc.cast(column, pa.string()))
    if pa.types.is_date64(column.type):
        column = pc.cast(column, pa.date32())
    return pc.cast(column, pa.string())


def _canonical(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Changes only what is rare, and looks for it first: most columns stay as they are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rare = pc.and_(pc.ends_with(texts, "0"), pc.match_substring(texts, ".0"))
    if pc.any(rare).as_py():
        found = texts.filter(rare)
        plain = pc.replace_substring_regex(found, WHOLE, r"\1").combine_chunks()
        texts = pc.replace_with_mask(texts, rare.combine_chunks(), plain)
    truth = pc.match_substring_regex(texts, TRUTH)
    if pc.any(truth).as_py():
        texts = pc.if_else(truth, pc.utf8_lower(texts), texts)
    return texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])


def _timestamps(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.type.tz is not None:
        column = pc.cast(column, pa.timestamp(column.type.unit))  # the same moment, in UTC
    texts = pc.replace_substring_regex(pc.cast(column, pa.string()), MIDNIGHT + "$", "")
    return pc.replace_substring_regex(texts, r"\.0+$|(\.[0-9]*[1-9])0+$", r"\1")
