"""A text file as a stream of UTF-8 bytes, whatever its encoding and compression, in bounded memory."""

from __future__ import annotations

import codecs
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol, cast

import numpy as np

from mlpcli.errors import DataError, SettingError
from mlpcli.files import AnyFile, MemoryFile, file_size, open_binary
from mlpcli.tables.excel import is_workbook, sheet_as_csv
from mlpcli.tables.line_edit import LineEdit
from mlpcli.tables.other_files import LOOKED_AT, what_it_is
from mlpcli.tables.table_files import COMPRESSIONS
from mlpcli.text import did_you_mean, rare_syllables

if TYPE_CHECKING:
    import pyarrow as pa


CHUNK = 1 << 18
"""Bytes read at once. For much larger pieces the C library maps fresh memory each time, which takes longer than looking
at what is read."""
MOST_EXPANSION = 200
"""Times; texts of tables shrink to a third or, where a few values repeat, to a fiftieth."""
LEAST_SUSPECT = 64 << 20
"""Bytes of text that any packed file may have."""
LONGEST_EDITED = 64 << 20
"""Bytes; a longer line is no row, and is passed on as it is."""
MARK = "\ufeff".encode()
"""The byte order mark, as UTF-8."""


class UndecodableError(DataError):
    """The bytes are not text in this encoding; offset: of the first bad one (after decompression)."""

    def __init__(self, name: str, encoding: str, offset: int, byte: int) -> None:
        self.offset, self.byte = offset, byte
        super().__init__(f"{name}: is not {encoding}: byte 0x{byte:02x} at offset {offset:,}")


class Readable(Protocol):
    """What a stream must offer here."""

    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, eq=False)
class TextFile:
    """Where the bytes are, and their name in messages. edit: what is done to its lines, None for nothing."""

    path: AnyFile
    name: str
    edit: LineEdit | None = None

    @contextmanager
    def open_bytes(self) -> Iterator[Readable]:
        """The bytes as they were written, decompressed.

        Raises:
            DataError: the file is missing, no regular file, empty, damaged, or changes while it is read.
        """
        import pyarrow as pa

        if isinstance(self.path, MemoryFile):
            with open_binary(self.path) as file:
                yield file
            return
        if is_workbook(self.path):
            with open_binary(self.path):  # a folder or an empty file is named as such
                yield io.BytesIO(sheet_as_csv(self.path)[0])
            return
        compression = COMPRESSIONS.get(self.path.suffix.lower())
        with open_binary(self.path) as file:
            steady = _SteadyFile(cast(BinaryIO, file), self.name)
            if compression is None:
                yield steady
                return
            with pa.CompressedInputStream(pa.PythonFile(steady, mode="r"), compression) as unpacked:
                yield _Unpacked(unpacked, self.name, compression, file_size(file))

    @contextmanager
    def open_utf8(self, encoding: str) -> Iterator[Utf8Stream]:
        """The text as UTF-8, without a byte order mark."""
        with self.open_bytes() as source:
            yield Utf8Stream(source, self.name, encoding, self.edit)


class _SteadyFile(io.RawIOBase):
    """A file up to the size that it had when it was opened; one that is changed meanwhile is refused at its end."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self._before = os.fstat(file.fileno())
        self._left = self._before.st_size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        if not data and size:
            now = os.fstat(self._file.fileno())
            if (now.st_size, now.st_mtime_ns) != (self._before.st_size, self._before.st_mtime_ns) or self._left:
                raise changed(self._name)
        return data


def changed(name: str) -> DataError:
    """The error for a file that is not what it was when reading it began."""
    return DataError(f"{name}: changed while being read; wait until it is fully written, and try again")


class _Unpacked:
    """A decompressed file, whose faults are told as what they are: not the fault of whoever reads the text."""

    def __init__(self, stream: pa.CompressedInputStream, name: str, compression: str, packed: int) -> None:
        self._stream, self._name, self._compression, self._packed = stream, name, compression, packed
        self._read = 0

    def read(self, size: int = -1, /) -> bytes:
        import pyarrow as pa

        try:
            data: bytes = self._stream.read(size)
        except (OSError, pa.ArrowInvalid) as error:
            raise DataError(
                f"{self._name}: is not a valid {self._compression} file, or is truncated ({error});"
                " download or write it again"
            ) from error
        self._read += len(data)
        if self._read > max(MOST_EXPANSION * self._packed, LEAST_SUSPECT):
            raise DataError(
                f"{self._name}: unpacks to more than {MOST_EXPANSION} times its {self._packed:,} bytes, more than a"
                " table would; if it is one, unpack it first and give the unpacked file"
            )
        return data


def _count_quotes(text: bytes) -> int:
    """NumPy counts four times as fast as `bytes.count`, which looks at one letter after the other."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord('"')))


class Utf8Stream(io.RawIOBase):
    """Text in any encoding, read as UTF-8 bytes. quotes: how many quotation marks went by.

    Raises:
        UndecodableError: while reading, at a byte that does not belong to the encoding.
        DataError: a zero byte, which no text holds.
    """

    def __init__(self, source: Readable, name: str, encoding: str, edit: LineEdit | None = None) -> None:
        self.quotes = 0
        self._edit, self._lines, self._cut = edit, 0, b""
        self._source, self._name, self._encoding = source, name, encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._plain = encoding in ("utf-8", "utf-8-sig")
        self._offset = 0
        self._waiting = b""
        self._started = self._ended = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """As many bytes as asked for, since pyarrow takes what it gets for a whole block; one fewer before a CR that
        would end the block (pyarrow drops an LF that begins the next one, even inside of quotes); fewer at the end."""
        pieces, held = ([self._waiting] if self._waiting else []), len(self._waiting)
        while (size < 0 or held < size) and (piece := self._next()):
            pieces.append(piece)
            held += len(piece)
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        keep = held if size < 0 else size
        if keep > 1 and data[keep - 1 : keep] == b"\r" and not (self._ended and keep == held):
            keep -= 1
        self._waiting = data[keep:]
        return data[:keep]

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def unread(self, data: bytes) -> None:
        """Put bytes back, to be read first."""
        self._waiting = data + self._waiting

    def _next(self) -> bytes:
        """The next piece, never empty before the end."""
        while not self._ended:
            raw = self._source.read(CHUNK)
            self._ended = not raw
            text = self._decoded(raw)
            self._offset += len(raw)
            if text and not self._started:
                self._started, text = True, text.removeprefix(MARK)
            if b"\0" in text:
                raise DataError(zero_byte(self._name, self._encoding))
            if self._edit is not None:
                text = self._edited(text, self._edit)
            if text:
                self.quotes += _count_quotes(text)
                return text
        return b""

    def _edited(self, text: bytes, edit: LineEdit) -> bytes:
        """Whole lines, edited; the last one waits until its end is there, unless it is endless."""
        if edit.last is not None and self._lines >= edit.last:
            whole, self._cut = self._cut + text, b""
            return whole
        text = self._cut + text
        end = max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1
        if self._ended or len(text) > LONGEST_EDITED:
            end = len(text)
        whole, self._cut = text[:end], text[end:]
        lines = edit.lines(whole.decode(), self._lines)
        self._lines += len(lines)
        return "".join(lines).encode()

    def _decoded(self, raw: bytes) -> bytes:
        pending = self._decoder.getstate()[0]
        if self._plain and not pending and raw.isascii():
            return raw
        try:
            return self._decoder.decode(raw, not raw).encode()
        except UnicodeDecodeError as error:
            # The codec saw what it had kept from before, and then these bytes.
            offset = self._offset + len(raw) - len(error.object) + error.start
            raise UndecodableError(self._name, self._encoding, offset, error.object[error.start]) from error
        except UnicodeError as error:  # UTF-16 without the mark that it has to begin with
            offset = self._offset - len(pending)
            raise UndecodableError(self._name, self._encoding, offset, (pending + raw)[0]) from error


def zero_byte(name: str, encoding: str) -> str:
    """The message about a file that contains a zero byte."""
    return (
        f"{name}: contains a zero byte, so it is not text in {encoding}; is it UTF-16"
        " (data.encoding: utf-16-le) or another kind of file?"
    )


MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The longer ones first: the mark of UTF-16 LE is the beginning of that of UTF-32 LE."""
TRIED = ("utf-8", "cp949")
WESTERN = "cp1252"
_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")
_SIGNS = "°µ²³"
NOT_TEXT = ("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7")
COMMON = ("utf-8", "cp949", "euc-kr", "utf-16", "latin-1", "cp1252", "shift_jis", "gb18030")


def known_encoding(name: str) -> str:
    """The name as Python writes it; euc-kr becomes cp949, which holds all of it and the syllables that it lacks.

    Raises:
        SettingError: the encoding is unknown.
    """
    try:
        found = codecs.lookup(name).name
        "".encode(found)
    except (LookupError, ValueError):
        found = ""
    if found in ("", *NOT_TEXT):
        raise SettingError(
            "data.encoding",
            f'unknown encoding "{name}"; available: {", ".join(COMMON)} ...{did_you_mean(name, COMMON)}',
        )
    return "cp949" if found == "euc_kr" else found


class FoundEncoding(NamedTuple):
    """The encoding of a file, and what to say about it. quoted: whether the file may hold quotation marks; it was read
    through where it is known to have none."""

    encoding: str
    notes: list[str]
    quoted: bool = True


def find_encoding(file: TextFile, told: str | None) -> FoundEncoding:
    """Look at the beginning of a file. A byte order mark has the last word.

    Without one, and with nothing told, the whole file is tried: UTF-8 first, then cp949 (Korean Excel).

    Raises:
        DataError: it is not text, or in none of these encodings; it names the first bad byte.
        SettingError: the given encoding is unknown.
    """
    if isinstance(file.path, Path) and is_workbook(file.path):
        with open_binary(file.path):
            return FoundEncoding("utf-8", sheet_as_csv(file.path)[1])
    wanted = known_encoding(told) if told is not None else None
    marked = _by_mark(file, told)
    if marked is not None:
        other = wanted not in (
            None,
            marked,
            "utf-8" if marked == "utf-8-sig" else marked,
            f"{marked}-le",
            f"{marked}-be",
        )
        notes = [f"{file.name}: read as {marked}, as its first bytes say, not as {told}"] if other else []
        return FoundEncoding(marked, notes)
    if wanted is not None:
        return FoundEncoding(wanted, [])
    faults: list[UndecodableError] = []
    for encoding in TRIED:
        try:
            rare, quotes = _read_through(file, encoding)
        except UndecodableError as fault:
            faults.append(fault)
            continue
        if rare:
            return FoundEncoding(WESTERN, [_western(file, rare, faults[0])])
        return FoundEncoding(encoding, [_found(file, encoding, faults[0])] if faults else [], quotes > 0)
    if _looks_western(file):
        return FoundEncoding(WESTERN, [_western(file, "", faults[0])])
    tried = ", ".join(
        f"{name} (byte 0x{at.byte:02x} at offset {at.offset:,})" for name, at in zip(TRIED, faults, strict=True)
    )
    raise DataError(
        f"{file.name}: unknown encoding; tried {tried}; save it as UTF-8, or set data.encoding, for"
        " example to latin-1, shift_jis or utf-16"
    )


def wrong_encoding(file: TextFile, fault: UndecodableError) -> DataError:
    """The error for a file that is not in the told encoding, with one that would do."""
    try:
        found = find_encoding(file, None).encoding
        advice = f"it can be read as {found}: set data.encoding: {found}, or leave data.encoding out"
    except DataError:
        advice = "set another data.encoding, or save the file as UTF-8"
    return DataError(f"{fault}; {advice}")


def _by_mark(file: TextFile, told: str | None) -> str | None:
    with file.open_bytes() as source:
        start = source.read(LOOKED_AT)
    if (what := what_it_is(start)) is not None:
        raise DataError(f"{file.name}: {what}")
    if not start:
        raise DataError(f"{file.name}: is empty; download or write it again")
    if told is None and b"\0" in start and not start.startswith(tuple(mark for mark, _ in MARKS)):
        raise DataError(zero_byte(file.name, "utf-8"))
    return next((encoding for mark, encoding in MARKS if start.startswith(mark)), None)


def _read_through(file: TextFile, encoding: str) -> tuple[str, int]:
    """Read all of a file.

    Returns:
        The first rare syllable where cp949 gives mostly such, as it does for Western text, or ""; how many quotation
        marks there are.
    """
    letters = common = 0
    first = ""
    with file.open_utf8(encoding) as stream:
        while data := stream.read(CHUNK):
            if encoding != "cp949" or data.isascii():
                continue
            text = "".join(letter for letter in data.decode("utf-8", "ignore") if not letter.isascii())
            rare = rare_syllables(text)
            letters, common = letters + len(text), common + len(text) - len(rare)
            first = first or rare[:1]
    return first if 2 * common < letters and _decodes(file, WESTERN) else "", stream.quotes


def _decodes(file: TextFile, encoding: str) -> bool:
    try:
        with file.open_utf8(encoding) as stream:
            while stream.read(CHUNK):
                pass
    except UndecodableError:
        return False
    return True


def _looks_western(file: TextFile) -> bool:
    """Whether the letters beyond ASCII are those of Western European languages, and stand alone between others."""
    alone = letters = 0
    try:
        with file.open_utf8(WESTERN) as stream:
            while data := stream.read(CHUNK):
                text = "" if data.isascii() else data.decode("utf-8", "ignore")
                found = _BEYOND_ASCII.findall(text)
                letters += sum(map(len, found))
                alone += sum(len(run) == 1 and ("\u00c0" <= run <= "\u00ff" or run in _SIGNS) for run in found)
    except UndecodableError:
        return False
    return 10 * alone >= 9 * letters


def _western(file: TextFile, rare: str, fault: UndecodableError) -> str:
    why = f"; as cp949, it would have rare syllables such as {rare}" if rare else ""
    return (
        f"{file.name}: read as {WESTERN}, Western European (it is not utf-8: byte 0x{fault.byte:02x} at offset"
        f" {fault.offset:,}{why}); if it is Korean, set data.encoding: cp949"
    )


def _found(file: TextFile, encoding: str, fault: UndecodableError) -> str:
    return f"{file.name}: read as {encoding} (it is not utf-8: byte 0x{fault.byte:02x} at offset {fault.offset:,})"
