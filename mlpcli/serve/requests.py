"""The body of a request, within bounds and in memory: JSON, or the parts of a form."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, NoReturn

import anyio
from starlette.requests import ClientDisconnect, Request

from mlpcli.files import MemoryFile
from mlpcli.serve.limits import CLOSE, Limits, RequestError, too_large

MOST_PARTS = 1000
LONGEST_NAME = 100


async def read_body(request: Request, limits: Limits) -> bytes:
    """All of the body.

    Raises:
        RequestError: it is too large or packed, or does not come in time.
    """
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limits.bytes:
        raise too_large(limits)
    packed = request.headers.get("content-encoding", "identity")
    if packed.lower() != "identity":
        raise RequestError(415, f"the body is compressed ({packed[:80]}); send it uncompressed", CLOSE)
    pieces: list[bytes] = []
    size = 0
    try:
        with anyio.fail_after(limits.seconds):
            async for piece in request.stream():
                size += len(piece)
                if size > limits.bytes:
                    raise too_large(limits)
                pieces.append(piece)
    except TimeoutError as error:
        said = f"the body did not come within {limits.seconds:g} s; send it again"
        raise RequestError(408, said, CLOSE) from error
    except ClientDisconnect as error:
        raise RequestError(400, "the connection was closed before the whole body came") from error
    return b"".join(pieces)


def parsed_json(body: bytes, nan_is_missing: bool = False) -> Any:
    """The value in a body, which has only what JSON has.

    nan_is_missing: read NaN as null, for clients that write a data frame's gaps so.

    Raises:
        RequestError: the body is not JSON.
    """
    constant = _gap if nan_is_missing else _refuse_constant
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=constant)
    except RecursionError as error:
        raise RequestError(400, "the JSON is nested too deeply") from error
    except ValueError as error:  # of JSON and of UTF-8
        said = " ".join(str(error).split())[:200]
        raise RequestError(400, f"the body is not JSON: {said}") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON; write null where a value is missing")


def _gap(name: str) -> None:
    if name != "NaN":
        _refuse_constant(name)


def parsed_object(body: bytes, example: str, nan_is_missing: bool = False) -> dict[str, Any]:
    """The object in a body; `example` is named where it is something else (the rest as `parsed_json`)."""
    found = parsed_json(body, nan_is_missing)
    if not isinstance(found, dict):
        raise RequestError(422, f"the body is not a JSON object; send one such as {example}")
    return found


@dataclass
class Part:
    """One part of a form. file: the name that was sent with it; None for a field."""

    name: str = ""
    file: str | None = None
    content: bytes = b""


def parsed_form(body: bytes, content_type: str) -> list[Part]:
    """The parts of a body of type multipart/form-data.

    Starlette's own parser puts files above 1 MB on the disk.

    Raises:
        RequestError: it is no such form.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise RequestError(400, "the Content-Type multipart/form-data lacks its boundary; let the client write it")
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks())  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except (FormParserError, UnicodeError) as error:
        raise RequestError(400, f"the form cannot be read: {' '.join(str(error).split())[:200]}") from error
    return parts.found


class _Parts:
    """Collects the parts that python-multipart finds."""

    def __init__(self) -> None:
        self.found: list[Part] = []
        self._pieces: list[bytes] = []
        self._header, self._value = b"", b""

    def callbacks(self) -> dict[str, Any]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: setattr(self, "_header", self._header + data[start:end]),
            "on_header_value": lambda data, start, end: setattr(self, "_value", self._value + data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": lambda data, start, end: self._pieces.append(data[start:end]),
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.found) == MOST_PARTS:
            raise RequestError(413, f"a form may have {MOST_PARTS:,} parts at most; send fewer at a time")
        self.found.append(Part())
        self._pieces.clear()

    def _end_header(self) -> None:
        from python_multipart.multipart import parse_options_header

        if self._header.lower() == b"content-disposition":
            options = parse_options_header(self._value)[1]
            part = self.found[-1]
            part.name = options.get(b"name", b"").decode("utf-8", "replace")
            part.file = options[b"filename"].decode("utf-8", "replace") if b"filename" in options else None
        self._header, self._value = b"", b""

    def _end(self) -> None:
        self.found[-1].content = b"".join(self._pieces)


def file_name(sent: str | None, otherwise: str) -> str:
    """The last part of a name that was sent, for messages and answers; the server opens nothing by it.

    >>> file_name("C:\\\\photos\\\\boot.png", "picture"), file_name("../..", "picture")
    ('boot.png', 'picture')
    """
    name = PureWindowsPath(PurePosixPath(sent or "").name).name
    name = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "", name)
    if len(name) > LONGEST_NAME:
        end = PurePosixPath(name).suffix[:10]
        name = name[: LONGEST_NAME - len(end)] + end
    return name if name.strip(". ") else otherwise


def sent_file(part: Part, otherwise: str) -> MemoryFile:
    """A part of a form as a file."""
    return MemoryFile(file_name(part.file, otherwise), part.content)
