"""The V1 protocol of TensorFlow Serving and KServe: /v1/models/NAME:predict, with the network's outputs as they are."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlpcli.serve.answering import Answered, Wanted, answer_pictures, answer_rows
from mlpcli.serve.api import answer_lists, count_values, picture_of_text
from mlpcli.serve.limits import RequestError
from mlpcli.serve.models import ServedModel
from mlpcli.serve.requests import parsed_object, read_body
from mlpcli.serve.service import Service, json_response

EXAMPLE = '{"instances": [{"age": 30, "port": "S"}]} or {"instances": [[0.1, 0.2]]}'
KEYS = {"instances", "inputs", "signature_name"}


class KserveV1:
    """Answers requests of the V1 protocol."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def routes(self) -> list[Route]:
        """Each endpoint with its path."""
        return [
            Route("/v1/models/{name}:predict", self.predict, methods=["POST"]),
            Route("/v1/models", self.names, methods=["GET"]),
            Route("/v1/models/{name}", self.state, methods=["GET"]),
        ]

    async def names(self, request: Request) -> Response:
        """The models."""
        return json_response({"models": [model.name for model in self.service.models]})

    async def state(self, request: Request) -> Response:
        """Whether a model is ready, as KServe and as TensorFlow Serving say it."""
        model = self.service.model(request.path_params["name"])
        fine = {"error_code": "OK", "error_message": ""}
        states = [{"version": str(model.version), "state": "AVAILABLE", "status": fine}]
        return json_response({"name": model.name, "ready": True, "model_version_status": states})

    async def predict(self, request: Request) -> Response:
        """The outputs for each instance."""
        body = await read_body(request, self.service.limits)
        model = self.service.model(request.path_params["name"])
        said = parsed_object(body, EXAMPLE)
        if not set(said) <= KEYS or ("instances" in said) == ("inputs" in said):
            raise RequestError(422, f"give either instances or inputs, as in {EXAMPLE}")
        by_columns = "inputs" in said
        rows = rows_of_columns(said["inputs"]) if by_columns else said["instances"]
        if not isinstance(rows, list) or not rows:
            raise RequestError(422, f"give a list of at least one instance, as in {EXAMPLE}")
        answered = await self.service.answer(model, lambda: answer_instances(model, rows, self.service), _size(rows))
        return json_response({"outputs" if by_columns else "predictions": answered.outputs.tolist()})


def rows_of_columns(inputs: Any) -> Any:
    """Rows of what holds a list for each column; anything else as it is.

    Raises:
        RequestError: the columns are not lists of one length.
    """
    if not isinstance(inputs, dict):
        return inputs
    columns = list(inputs.values())
    if not columns or not all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        raise RequestError(422, "inputs: give a list for each column, all of the same length")
    return [dict(zip(inputs, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _size(rows: list[Any]) -> int | None:
    """How many values the rows hold, roughly; None where they are pictures."""
    if isinstance(rows[0], dict):
        return None if "b64" in rows[0] else len(rows) * len(rows[0])
    return count_values(rows)


def answer_instances(model: ServedModel, rows: list[Any], service: Service) -> Answered:
    """Answers to instances: objects of columns, lists, or pictures as {"b64": "..."}; one that cannot be read is an
    error (raises as `answer_rows`)."""
    wanted, limits = Wanted(strict=True), service.limits
    if model.kind == "picture" and all(isinstance(row, dict) for row in rows):
        texts = [row.get("b64") for row in rows]
        files = [picture_of_text(text, number) for number, text in enumerate(texts) if isinstance(text, str)]
        if len(files) < len(rows):
            raise RequestError(422, 'give each picture as {"b64": "..."}, or as lists of pixels')
        return answer_pictures(model, files, wanted, limits)
    if all(isinstance(row, dict) for row in rows):
        return answer_rows(model, rows, wanted, limits)
    return answer_lists(model, rows, wanted, service)
