"""The endpoints of mlpcli's own: predictions of whatever is sent, the models, feedback, health and counts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlpcli.errors import DataError
from mlpcli.files import MemoryFile
from mlpcli.serve.answering import (
    Answered,
    Wanted,
    answer_array,
    answer_pictures,
    answer_rows,
    answer_table_file,
)
from mlpcli.serve.describe import describe
from mlpcli.serve.limits import RequestError
from mlpcli.serve.models import ServedModel
from mlpcli.serve.requests import parsed_form, parsed_object, read_body, sent_file
from mlpcli.serve.service import Service, json_response
from mlpcli.tables.table_files import COMPRESSIONS
from mlpcli.text import did_you_mean
from mlpcli.workflows.predict_output import AnswerColumns

EXAMPLE = '{"rows": [{"age": 30, "port": "S"}]} or {"pictures": ["base64 of a PNG"]}'
OPTIONS = ("model", "top", "invert", "crop", "see", "strict", "format", "probabilities")
TABLE_TYPES = {"text/csv": ".csv", "application/csv": ".csv", "text/tab-separated-values": ".tsv", "text/plain": ".csv"}
MOST_TOP = 10_000


class Api:
    """Answers requests with the models of a service."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def routes(self) -> list[Route]:
        """Each endpoint with its path."""
        return [
            Route("/predict", self.predict, methods=["POST"]),
            Route("/models", self.models, methods=["GET"]),
            Route("/feedback", self.feedback, methods=["POST"]),
            Route("/health", self.health, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    async def predict(self, request: Request) -> Response:
        """Predictions for JSON rows, a form with files, a CSV, or a picture."""
        body = await read_body(request, self.service.limits)
        content_type = request.headers.get("content-type", "application/json")
        fields, files = _sent(body, content_type)
        options = Options({**request.query_params, **fields}, request.headers.get("accept", ""))
        model = self.service.model(options.model)
        if files is None:
            answered = await self._answer_json(model, body, options.wanted)
        else:
            answered = await self._answer_files(model, files, options.wanted)
        return self._response(answered, options)

    async def _answer_json(self, model: ServedModel, body: bytes, wanted: Wanted) -> Answered:
        said, limits = parsed_object(body, EXAMPLE), self.service.limits
        if set(said) not in ({"rows"}, {"pictures"}):
            raise RequestError(422, f"the object has the keys {', '.join(map(str, said))[:200]}; send {EXAMPLE}")
        if "pictures" in said:
            files = pictures_of(said["pictures"])
            return await self.service.answer(model, lambda: answer_pictures(model, files, wanted, limits))
        rows = said["rows"]
        if not isinstance(rows, list) or not rows:
            raise RequestError(422, f"rows: give a list of at least one row; send {EXAMPLE}")
        if all(isinstance(row, dict) for row in rows):
            values = sum(map(len, rows))
            return await self.service.answer(model, lambda: answer_rows(model, rows, wanted, limits), values)
        return await self.service.answer(
            model, lambda: answer_lists(model, rows, wanted, self.service), count_values(rows)
        )

    async def _answer_files(self, model: ServedModel, files: list[MemoryFile], wanted: Wanted) -> Answered:
        limits = self.service.limits
        if not files:
            raise RequestError(422, "the form holds no file; add one, as in curl -F file=@photo.png")
        if model.kind == "picture":
            return await self.service.answer(model, lambda: answer_pictures(model, files, wanted, limits))
        if len(files) > 1:
            raise RequestError(422, f"the form holds {len(files):,} files; send one table at a time")
        if files[0].suffix.lower() in (*COMPRESSIONS, ".xlsx", ".xls", ".ods", ".parquet"):
            raise RequestError(415, f"{files[0].name}: a table is sent as CSV, and not compressed; save it as that")
        return await self.service.answer(model, lambda: answer_table_file(model, files[0], wanted, limits))

    def _response(self, answered: Answered, options: Options) -> Response:
        if options.csv:
            content = answered.csv(AnswerColumns(None, options.probabilities))
            return Response(content, headers=_ATTACHED, media_type="text/csv")
        model = answered.model
        predictions = list(answered.entries())
        if options.see and model.kind == "picture":
            for entry, seen in zip(predictions, answered.seen(), strict=True):
                entry["seen"] = seen
        found = {"model": model.name, "version": model.version, "task": model.meaning.task}
        return json_response({**found, "predictions": predictions, "notes": answered.notes})

    async def models(self, request: Request) -> Response:
        """What is served, for the page and for programs."""
        known = [describe(model) for model in self.service.models]
        limits, feedback = self.service.limits, self.service.feedback is not None
        most = {"mib": limits.mib, "rows": limits.rows, "megapixels": limits.megapixels, "seconds": limits.seconds}
        return json_response({"models": known, "limits": most, "feedback": feedback})

    async def feedback(self, request: Request) -> Response:
        """Keeps what the right answer would have been."""
        body = await read_body(request, self.service.limits)
        if self.service.feedback is None:
            raise RequestError(404, "feedback is not kept; start mlpcli serve --feedback FILE")
        said = parsed_object(body, '{"correct": "Sneaker", "predicted": "Sandal", "input": "photo.png"}')
        name = said.get("model")
        if name is not None and not isinstance(name, str):
            raise RequestError(422, "model: give the name of a model")
        self.service.feedback.add(self.service.model(name), said)
        return json_response({"kept": True}, 201)

    async def health(self, request: Request) -> Response:
        """Whether it answers."""
        return json_response({"status": "ok", "models": [model.name for model in self.service.models]})

    async def metrics(self, request: Request) -> Response:
        """The counts, for Prometheus."""
        text = self.service.metrics.text(self.service.models)
        return Response(text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def _sent(body: bytes, content_type: str) -> tuple[dict[str, str], list[MemoryFile] | None]:
    """The fields and the files of a body, by its type; None for files where it is JSON.

    Raises:
        RequestError: the type is not supported, or the form cannot be read.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return {}, None
    if kind == "multipart/form-data":
        parts = parsed_form(body, content_type)
        fields = {part.name: part.content.decode("utf-8", "replace") for part in parts if part.file is None}
        return fields, [
            sent_file(part, "file") for part in parts if part.file is not None and (part.file or part.content)
        ]
    if kind in TABLE_TYPES:
        return {}, [MemoryFile(f"sent{TABLE_TYPES[kind]}", body)]
    if kind.startswith("image/") or kind == "application/octet-stream":
        return {}, [MemoryFile("sent picture", body)]
    allowed = "application/json, multipart/form-data, text/csv or a picture (image/png ...)"
    raise RequestError(415, f"the Content-Type is {kind[:80]}; send {allowed}")


_ATTACHED = {"Content-Disposition": 'attachment; filename="predictions.csv"'}


class Options:
    """The options of a request, from its query or the fields of its form; `accept` is its header.

    Raises:
        RequestError: one is unknown, or has a value that it cannot have.
    """

    def __init__(self, asked: Mapping[str, str], accept: str) -> None:
        for name in asked:
            if name not in OPTIONS:
                near = did_you_mean(name, OPTIONS)
                raise RequestError(422, f'unknown option "{name[:80]}"; available: {", ".join(OPTIONS)}{near}')
        top = asked.get("top", "1")
        if not (top.isascii() and top.isdigit() and len(top) < 6 and 1 <= int(top) <= MOST_TOP):
            raise RequestError(422, f'top: give a whole number of at least 1 (got "{top[:80]}")')
        form = asked.get("format", "csv" if accept.startswith("text/csv") else "json")
        if form not in ("json", "csv"):
            raise RequestError(422, f'format: give json or csv (got "{form[:80]}")')
        self.csv = form == "csv"
        self.model = asked.get("model")
        self.see = bool(_flag(asked, "see"))
        self.probabilities = bool(_flag(asked, "probabilities"))
        invert, crop = _flag(asked, "invert"), _flag(asked, "crop")
        self.wanted = Wanted(int(top), invert, crop, bool(_flag(asked, "strict")), self.csv)


def _flag(asked: Mapping[str, str], name: str) -> bool | None:
    value = asked.get(name, "auto").lower()
    if value not in _FLAGS:
        raise RequestError(422, f'{name}: give true, false or auto (got "{value[:80]}")')
    return _FLAGS[value]


_FLAGS = {"true": True, "1": True, "false": False, "0": False, "auto": None, "": None}


def answer_lists(model: ServedModel, rows: list[Any], wanted: Wanted, service: Service) -> Answered:
    """Predictions for lists of numbers or cells: of a table, in the order of the columns.

    Raises:
        DataError, RequestError: as `answer_rows` and `answer_array`.
    """
    if model.kind != "table" or model.preprocessing is None:
        return answer_array(model, rows, wanted, service.limits)
    names = model.preprocessing.source_names
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            raise DataError(
                f"row {number} (from 0): give an object of columns, or a list of {len(names):,} cells in the order"
                f" {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}"
            )
    named = [dict(zip(names, row, strict=True)) for row in rows]
    return answer_rows(model, named, wanted, service.limits)


def count_values(values: Any) -> int:
    """Roughly how many numbers are in nested lists: as many as if all were as long as the first."""
    count = 1
    while isinstance(values, list) and values:
        count *= len(values)
        values = values[0]
    return count


def pictures_of(sent: Any) -> list[MemoryFile]:
    """Pictures in base64, or as data URLs.

    Raises:
        RequestError: one is no base64.
    """
    if not isinstance(sent, list) or not sent or not all(isinstance(one, str) for one in sent):
        raise RequestError(422, "pictures: give a list of pictures in base64, at least one")
    return [picture_of_text(text, number) for number, text in enumerate(sent)]


def picture_of_text(text: str, number: int) -> MemoryFile:
    """One picture in base64 (raises as `pictures_of`)."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        content = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise RequestError(422, f"picture {number} (from 0): is not base64: {error}") from error
    return MemoryFile(f"picture {number}", content)
