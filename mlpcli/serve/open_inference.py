"""The Open Inference Protocol (KServe V2, Triton): tensors in, tensors out, as JSON or as raw bytes after it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlpcli import __version__
from mlpcli.arrays import Array
from mlpcli.serve.answering import Answered, Wanted, answer_array, answer_rows
from mlpcli.serve.limits import RequestError
from mlpcli.serve.models import ServedModel
from mlpcli.serve.requests import parsed_object, read_body
from mlpcli.serve.service import Service, json_response
from mlpcli.serve.tensors import BINARY_LENGTH, Tensor, binary_of, data_type, sent_tensors
from mlpcli.tables.column_encoders import ValueColumn

INPUT, OUTPUT, LABEL = "input", "output", "label"
EXAMPLE = '{"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [30]}]}'


class OpenInference:
    """Answers requests of the protocol. There is one version of each model: the one that is served."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def routes(self) -> list[Route]:
        """Each endpoint with its path; a version may be named, and is the one served."""
        routes = [
            Route("/v2", self.server, methods=["GET"]),
            Route("/v2/health/live", self.live, methods=["GET"]),
            Route("/v2/health/ready", self.live, methods=["GET"]),
        ]
        for model in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
            routes += [
                Route(f"{model}/infer", self.infer, methods=["POST"]),
                Route(f"{model}/ready", self.ready, methods=["GET"]),
                Route(model, self.metadata, methods=["GET"]),
            ]
        return routes

    async def server(self, request: Request) -> Response:
        """Name, version and extensions of the server."""
        return json_response({"name": "mlpcli", "version": __version__, "extensions": ["binary_tensor_data"]})

    async def live(self, request: Request) -> Response:
        """Whether the server answers; it has loaded its models before it does."""
        return json_response({"live": True, "ready": True})

    async def ready(self, request: Request) -> Response:
        """Whether the model answers."""
        model = self._model(request)
        return json_response({"name": model.name, "ready": True})

    async def metadata(self, request: Request) -> Response:
        """The tensors that the model takes and gives."""
        model = self._model(request)
        found = {"name": model.name, "versions": [str(model.version)], "platform": "mlpcli"}
        outputs = [_described(name, kind, shape) for name, (kind, shape) in output_tensors(model).items()]
        return json_response({**found, "inputs": input_tensors(model), "outputs": outputs})

    async def infer(self, request: Request) -> Response:
        """The outputs for the inputs."""
        body = await read_body(request, self.service.limits)
        model = self._model(request)
        asked = _Asked.of(body, request.headers.get(BINARY_LENGTH))
        work = _work(model, asked.inputs, self.service)
        answered = await self.service.answer(model, work, sum(tensor.size for tensor in asked.inputs))
        return _response(model, answered, asked)

    def _model(self, request: Request) -> ServedModel:
        model = self.service.model(request.path_params["name"])
        version = request.path_params.get("version")
        if version is not None and version != str(model.version):
            raise RequestError(404, f"version {version[:20]} of {model.name} is not served; version {model.version} is")
        return model


@dataclass(frozen=True)
class _Asked:
    """A request. outputs: the names wanted, and whether each is to come as bytes; None for all."""

    inputs: list[Tensor]
    outputs: dict[str, bool] | None
    binary: bool
    id: str | None

    @classmethod
    def of(cls, body: bytes, header_length: str | None) -> _Asked:
        size = len(body)
        if header_length is not None:
            if not (header_length.isascii() and header_length.isdigit() and int(header_length[:12]) <= size):
                raise RequestError(400, f"{BINARY_LENGTH}: is not the length of the JSON in the body")
            size = int(header_length[:12])
        said = parsed_object(body[:size], EXAMPLE)
        inputs = said.get("inputs")
        if not isinstance(inputs, list) or not inputs:
            raise RequestError(422, f"inputs: give a list of at least one tensor, as in {EXAMPLE}")
        identity = said.get("id")
        if identity is not None and not isinstance(identity, str):
            raise RequestError(422, "id: give a text")
        wanted, binary = said.get("outputs"), _parameter(said, "binary_data_output")
        return cls(sent_tensors(inputs, body[size:]), _wanted(wanted, binary), binary, identity)


def _wanted(outputs: Any, binary: bool) -> dict[str, bool] | None:
    if outputs is None or outputs == []:
        return None
    if not isinstance(outputs, list) or not all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in outputs
    ):
        raise RequestError(422, 'outputs: give a list such as [{"name": "output"}]')
    return {one["name"]: _parameter(one, "binary_data") if "parameters" in one else binary for one in outputs}


def _parameter(said: dict[str, Any], name: str) -> bool:
    parameters = said.get("parameters")
    return isinstance(parameters, dict) and parameters.get(name) is True


def input_tensors(model: ServedModel) -> list[dict[str, Any]]:
    """What the model takes: a tensor for each column of a table, else one."""
    if model.kind != "table" or model.preprocessing is None:
        return [_described(INPUT, "FP32", [-1, *model.input_shape])]
    return [
        _described(
            column.name, "FP64" if isinstance(column, ValueColumn) and column.kind == "number" else "BYTES", [-1]
        )
        for column in model.preprocessing.columns
    ]


def output_tensors(model: ServedModel) -> dict[str, tuple[str, list[int]]]:
    """What the model gives: the outputs; for classes also the label and its probability."""
    found: dict[str, tuple[str, list[int]]] = {OUTPUT: ("FP32", [-1, model.meaning.outputs])}
    if model.meaning.class_names is not None:
        found |= {LABEL: ("BYTES", [-1]), model.meaning.score: ("FP32", [-1])}
    return found


def _described(name: str, kind: str, shape: list[int]) -> dict[str, Any]:
    return {"name": name, "datatype": kind, "shape": shape}


def _work(model: ServedModel, tensors: list[Tensor], service: Service) -> Any:
    """What answers the request, in a thread or at once."""
    wanted = Wanted(strict=True)
    if model.kind != "table":
        if len(tensors) > 1 or tensors[0].name != INPUT:
            raise RequestError(422, f'inputs: {model.name} takes one tensor, named "{INPUT}"')
        return lambda: answer_array(model, tensors[0].array(), wanted, service.limits)
    columns = {tensor.name: tensor.cells() for tensor in tensors}
    lengths = {len(cells) for cells in columns.values()}
    if len(lengths) > 1 or len(columns) < len(tensors):
        raise RequestError(422, "inputs: give one tensor for each column, all of the same length")
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return lambda: answer_rows(model, rows, wanted, service.limits)


def _response(model: ServedModel, answered: Answered, asked: _Asked) -> Response:
    known = _outputs(answered)
    unknown = next((name for name in asked.outputs or {} if name not in known), None)
    if unknown is not None:
        raise RequestError(422, f'outputs: {model.name} has no "{unknown[:80]}"; it has: {", ".join(known)}')
    outputs, pieces = [], []
    for name, as_bytes in (asked.outputs or dict.fromkeys(known, asked.binary)).items():
        array = known[name]
        described = {"name": name, "datatype": data_type(array), "shape": list(array.shape)}
        if as_bytes:
            pieces.append(binary_of(array))
            outputs.append({**described, "parameters": {"binary_data_size": len(pieces[-1])}})
        else:
            outputs.append({**described, "data": array.ravel().tolist()})
    found: dict[str, Any] = {"model_name": model.name, "model_version": str(model.version), "outputs": outputs}
    if asked.id is not None:
        found["id"] = asked.id
    if not pieces:
        return json_response(found)
    head = json.dumps(found).encode()
    headers = {BINARY_LENGTH: str(len(head))}
    return Response(head + b"".join(pieces), headers=headers, media_type="application/octet-stream")


def _outputs(answered: Answered) -> dict[str, Array]:
    meaning, outputs = answered.model.meaning, answered.outputs
    found: dict[str, Array] = {OUTPUT: outputs}
    if meaning.class_names is not None:
        best = [(some.classes, some.scores) for some in answered.found]
        classes = np.concatenate([one[:, 0] for one, _ in best if one is not None])
        found[LABEL] = np.array([meaning.class_names[which] for which in classes], object)
        found[meaning.score] = np.concatenate([one[:, 0] for _, one in best if one is not None])
    return found
