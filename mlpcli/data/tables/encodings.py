"""Which encoding a text file has: told, by its mark, or found by trying."""

from __future__ import annotations

import codecs

from mlpcli.data.tables.text_file import CHUNK, TextFile, UndecodableError, zero_byte
from mlpcli.errors import DataError, SettingError, did_you_mean

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The longer ones first: the mark of UTF-16 LE is the beginning of that of UTF-32 LE."""
OTHER_FILES = ((b"PK\x03\x04", "an Excel workbook or a zip archive"), (b"\xd0\xcf\x11\xe0", "an old Excel workbook"))
PACKED = ((b"\x1f\x8b", ".gz"), (b"BZh", ".bz2"), (b"\x28\xb5\x2f\xfd", ".zst"))
TRIED = ("utf-8", "cp949")
NOT_TEXT = ("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7")
COMMON = ("utf-8", "cp949", "euc-kr", "utf-16", "latin-1", "cp1252", "shift_jis", "gb18030")


def known_encoding(name: str) -> str:
    """The name as Python writes it; euc-kr becomes cp949, which holds all of it and the syllables that it lacks.

    Raises:
        SettingError: there is no such encoding.
    """
    try:
        found = codecs.lookup(name).name
        "".encode(found)
    except (LookupError, ValueError):
        found = ""
    if found in ("", *NOT_TEXT):
        raise SettingError(
            "data.encoding", f'"{name}" is no encoding{did_you_mean(name, COMMON)}; known are {", ".join(COMMON)} ...'
        )
    return "cp949" if found == "euc_kr" else found


def find_encoding(file: TextFile, told: str | None) -> tuple[str, list[str]]:
    """The encoding of a file, and what to say about it. A byte order mark has the last word.

    Without one, and with nothing told, the whole file is tried: UTF-8 first, then cp949 (Korean Excel).

    Raises:
        DataError: it is no text, or in none of these encodings; it names the first bad byte.
        SettingError: there is no encoding of the told name.
    """
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
        return marked, [f"{file.name}: read as {marked}, as its first bytes say, not as {told}"] if other else []
    if wanted is not None:
        return wanted, []
    faults: list[UndecodableError] = []
    for encoding in TRIED:
        try:
            _read_through(file, encoding)
        except UndecodableError as fault:
            faults.append(fault)
            continue
        return encoding, [_found(file, encoding, faults[0])] if faults else []
    tried = ", ".join(
        f"{name} (byte 0x{at.byte:02x} at offset {at.offset:,})" for name, at in zip(TRIED, faults, strict=True)
    )
    raise DataError(
        f"{file.name}: the encoding is not found; tried were {tried}; save it as UTF-8, or set data.encoding, for"
        " example to latin-1, shift_jis or utf-16"
    )


def wrong_encoding(file: TextFile, fault: UndecodableError) -> DataError:
    """The error for a file that is not in the told encoding, with one that would do."""
    try:
        found = find_encoding(file, None)[0]
        advice = f"it can be read as {found}: set data.encoding: {found}, or leave data.encoding out"
    except DataError:
        advice = "set another data.encoding, or save the file as UTF-8"
    return DataError(f"{fault}; {advice}")


def _by_mark(file: TextFile, told: str | None) -> str | None:
    with file.open_bytes() as source:
        start = source.read(1024)
    for beginning, what in OTHER_FILES:
        if start.startswith(beginning):
            raise DataError(f"{file.name}: is {what}, not text; save it as CSV (UTF-8) there")
    for beginning, ending in PACKED:
        if start.startswith(beginning):
            raise DataError(f"{file.name}: is compressed; its name must end in {ending}")
    if not start:
        raise DataError(f"{file.name}: is empty; download or write it again")
    if told is None and b"\0" in start and not start.startswith(tuple(mark for mark, _ in MARKS)):
        raise DataError(zero_byte(file.name, "utf-8"))
    return next((encoding for mark, encoding in MARKS if start.startswith(mark)), None)


def _read_through(file: TextFile, encoding: str) -> None:
    with file.open_utf8(encoding) as stream:
        while stream.read(CHUNK):
            pass


def _found(file: TextFile, encoding: str, fault: UndecodableError) -> str:
    return f"{file.name}: read as {encoding} (it is not utf-8: byte 0x{fault.byte:02x} at offset {fault.offset:,})"
