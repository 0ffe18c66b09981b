"""MLflow's scoring protocol: /invocations takes a data frame as JSON or CSV, and gives a record for each row."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlpcli import __version__
from mlpcli.files import MemoryFile
from mlpcli.serve.answering import Answered, Wanted, answer_table_file
from mlpcli.serve.kserve_v1 import answer_instances, rows_of_columns
from mlpcli.serve.limits import RequestError
from mlpcli.serve.models import ServedModel
from mlpcli.serve.requests import parsed_object, read_body
from mlpcli.serve.service import Service, json_response

KEYS = ("dataframe_split", "dataframe_records", "instances", "inputs")
EXAMPLE = '{"dataframe_split": {"columns": ["age", "port"], "data": [[30, "S"]]}}'


class Invocations:
    """Answers as `mlflow models serve` would; of several models, the first one."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def routes(self) -> list[Route]:
        """Each endpoint with its path."""
        return [
            Route("/invocations", self.invocations, methods=["POST"]),
            Route("/ping", self.ping, methods=["GET"]),
            Route("/version", self.version, methods=["GET"]),
        ]

    async def invocations(self, request: Request) -> Response:
        """A record for each row: label and probability, or value."""
        body = await read_body(request, self.service.limits)
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        model, limits = self.service.models.first, self.service.limits
        if kind == "text/csv":
            file = MemoryFile("sent.csv", body)
            wanted = Wanted(strict=True)
            answered = await self.service.answer(model, lambda: answer_table_file(model, file, wanted, limits))
        elif kind == "application/json":
            answered = await self._answer_json(model, body)
        else:
            raise RequestError(415, f"the Content-Type is {kind[:80]}; send application/json or text/csv")
        return json_response({"predictions": [_record(entry) for entry in answered.entries()]})

    async def _answer_json(self, model: ServedModel, body: bytes) -> Answered:
        said = parsed_object(body, EXAMPLE, nan_is_missing=True)  # as MLflow's client writes a data frame's gaps
        given = [key for key in said if key != "params"]
        if len(given) != 1 or given[0] not in KEYS:
            raise RequestError(422, f"give one of the keys {', '.join(KEYS)}, as in {EXAMPLE}")
        rows = _rows(given[0], said[given[0]])
        return await self.service.answer(model, lambda: answer_instances(model, rows, self.service))

    async def ping(self, request: Request) -> Response:
        """Whether it answers."""
        return json_response({})

    async def version(self, request: Request) -> Response:
        """Of mlpcli."""
        return Response(__version__, media_type="text/plain")


def _rows(key: str, sent: Any) -> list[Any]:
    """Rows as objects of columns, or as lists."""
    if key == "dataframe_split":
        columns, data = (sent.get("columns"), sent.get("data")) if isinstance(sent, dict) else (None, None)
        if not isinstance(data, list) or not data:
            raise RequestError(422, f"dataframe_split: give columns and data, as in {EXAMPLE}")
        if columns is None:
            return data  # lists in the order of the model's columns
        if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
            raise RequestError(422, f"dataframe_split: columns: give a list of names, as in {EXAMPLE}")
        if not all(isinstance(row, list) and len(row) == len(columns) for row in data):
            raise RequestError(422, f"dataframe_split: give {len(columns):,} cells in each row of data")
        return [dict(zip(columns, row, strict=True)) for row in data]
    if key == "inputs":
        sent = rows_of_columns(sent)
    if not isinstance(sent, list) or not sent:
        raise RequestError(422, f"{key}: give a list of at least one row")
    return sent


def _record(entry: dict[str, Any]) -> Any:
    """What was predicted, without where the row stood; a single number is itself."""
    found = {key: value for key, value in entry.items() if key not in ("input", "row")}
    return found.get("value", found.get("values", found))
