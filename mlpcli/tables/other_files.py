"""Files that are not what their name says: a web page, a Git LFS pointer, a workbook, told by their first bytes."""

from __future__ import annotations

import re

LOOKED_AT = 1024
"""Bytes from the beginning that tell what a file is."""
_DOWNLOAD = "download the file itself (Raw or Download), not the page that shows it"
_BY_BEGINNING: tuple[tuple[bytes, str, str], ...] = (
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer, not the data", "run git lfs pull in its folder"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV (UTF-8)"),
    (b"%PDF-", "a PDF", "look for the table behind it, as CSV or Excel"),
    (b"PAR1", "a Parquet file", "its name must end in .parquet"),
    (b"\x1f\x8b", "compressed", "its name must end in .gz"),
    (b"BZh", "compressed", "its name must end in .bz2"),
    (b"\x28\xb5\x2f\xfd", "compressed", "its name must end in .zst"),
    (b"\xfd7zXZ\x00", "compressed (.xz)", "unpack it first with xz -d"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"SQLite format 3\x00", "an SQLite database", "export its table as CSV"),
    (b"\x89HDF\r\n", "an HDF5 file", "write its table as CSV or Parquet"),
    (b"\x93NUMPY", "a NumPy array (.npy)", "write it as .npz with x and y, or as CSV"),
    (b"\x89PNG", "a picture (PNG)", "give the folder of class folders it is in"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "give the folder of class folders it is in"),
)
_ZIP = b"PK\x03\x04"
_IN_A_WORKBOOK = (b"[Content_Types].xml", b"xl/", b"_rels/")
_PAGE = re.compile(rb"(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_JSON = re.compile(rb"\[?\s*\{\s*(\"|\}|$)|\[\s*(\[|\")")


def what_it_is(start: bytes) -> str | None:
    """What a file is that begins so, and what to do: "is a web page (HTML); ..."; None where it may be a text table.

    >>> what_it_is(b"<!DOCTYPE html>")
    'is a web page (HTML), not a table; download the file itself (Raw or Download), not the page that shows it'
    """
    for beginning, what, advice in _BY_BEGINNING:
        if start.startswith(beginning):
            return f"is {what}; {advice}"
    if start.startswith(_ZIP):
        if any(name in start for name in _IN_A_WORKBOOK):
            return "is an Excel workbook, not text; its name must end in .xlsx, or save the sheet as CSV (UTF-8)"
        return "is a zip archive, not text; unpack it first, for example with unzip"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _PAGE.match(text):
        return f"is a web page (HTML), not a table; {_DOWNLOAD}"
    if text.startswith(b"<?xml"):
        return "is XML, not a table; save or export it as CSV"
    if _JSON.match(text):
        return "is JSON, not a table; write it as CSV, for example with pandas: read_json(...).to_csv(..., index=False)"
    return None


def stands_for_another(start: bytes) -> str | None:
    """What a file is that came instead of any other one, a pointer or a page, and what to do; None for all else.

    >>> stands_for_another(b"<!DOCTYPE html>")
    'is a web page (HTML); download the file itself (Raw or Download), not the page that shows it'
    """
    beginning, what, advice = _BY_BEGINNING[0]
    if start.startswith(beginning):
        return f"is {what}; {advice}"
    if _PAGE.match(start.removeprefix(b"\xef\xbb\xbf").lstrip()):
        return f"is a web page (HTML); {_DOWNLOAD}"
    return None
