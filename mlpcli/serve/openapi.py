"""The OpenAPI document of the server, with the served models' own columns and classes as examples."""

from __future__ import annotations

from typing import Any

from mlpcli import __version__
from mlpcli.serve.describe import describe, example_row
from mlpcli.serve.models import Models, ServedModel
from mlpcli.serve.open_inference import INPUT
from mlpcli.serve.tensors import TYPES

Json = dict[str, Any]
_CELL: Json = {"type": ["string", "number", "boolean", "null"]}
_CELLS: dict[str, Json] = {
    "number": {"type": ["number", "null"]}, "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"]}, "category": {"type": ["string", "number", "null"]},
}  # fmt: skip
"""By the kind of a column. Texts are numbers, too, where they are written as in training."""
_FLAG: Json = {"type": "string", "enum": ["true", "false", "auto"]}
_ERRORS = {
    "400": "The body cannot be read.",
    "401": "The token is missing or wrong.",
    "403": "The host or the page that asks is not allowed.",
    "404": "There is no such model.",
    "408": "The body did not come in time.",
    "413": "There are too many bytes, rows or pixels.",
    "415": "The type of the body is not supported.",
    "422": "The rows do not fit the model.",
    "503": "Too many requests are being answered, or the answer takes too long.",
}


def openapi(models: Models) -> Json:
    """The document, version 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "mlpcli serve", "version": __version__, "description": _served(models)},
        "paths": {
            "/predict": {"post": _predict(models)},
            "/models": {"get": _get("What is served: names, columns, classes, limits")},
            "/feedback": {"post": _feedback(models)},
            "/v1/models": {"get": _get("The models' names")},
            "/v1/models/{name}": {"get": _get("Whether a model is ready", _name(models))},
            "/v1/models/{name}:predict": {"post": _v1(models)},
            "/v2": {"get": _get("Name, version and extensions of the server")},
            "/v2/health/live": {"get": _get("Whether the server answers")},
            "/v2/health/ready": {"get": _get("Whether its models are loaded")},
            "/v2/models/{name}": {"get": _get("The tensors that a model takes and gives", _name(models))},
            "/v2/models/{name}/ready": {"get": _get("Whether a model is ready", _name(models))},
            "/v2/models/{name}/infer": {"post": _v2(models)},
            "/invocations": {"post": _invocations(models)},
            "/ping": {"get": _get("Whether the server answers, for MLflow")},
            "/version": {"get": _get("The version of mlpcli", kind="text/plain")},
            "/health": {"get": _get("Whether the server answers")},
            "/metrics": {"get": _get("Counts for Prometheus", kind="text/plain")},
        },
        "components": {
            "schemas": {"Error": _object({"error": {"type": "string"}}, "error")},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "Of --token-file."}},
        },
    }


def _row(models: Models) -> Json:
    """A row: an object of a model's columns, or a list."""
    tables = [_columns(model) for model in models if model.kind == "table"]
    return {"anyOf": [*tables, {"type": "array"}]}


def _columns(model: ServedModel) -> Json:
    columns = describe(model)["columns"]
    return _object({one["name"]: _CELLS.get(one["kind"], _CELL) for one in columns}, *(one["name"] for one in columns))


def _served(models: Models) -> str:
    return "Models: " + ", ".join(model.name for model in models)


def _object(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def _array(items: Json, least: int = 1) -> Json:
    return {"type": "array", "items": items, "minItems": least}


def _get(summary: str, parameters: list[Json] | None = None, kind: str = "application/json") -> Json:
    schema: Json = {"type": "object"} if kind == "application/json" else {"type": "string"}
    answers = {"200": {"description": "The answer.", "content": {kind: {"schema": schema}}}}
    return {"summary": summary, **({"parameters": parameters} if parameters else {}), "responses": answers | _errors()}


def _post(summary: str, content: Json, answer: Json, parameters: list[Json] | None = None, status: str = "200") -> Json:
    return {
        "summary": summary,
        **({"parameters": parameters} if parameters else {}),
        "requestBody": {"required": True, "content": content},
        "responses": {status: {"description": "The answer.", "content": answer}} | _errors(),
    }


def _errors() -> Json:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {status: {"description": words, "content": error} for status, words in _ERRORS.items()}


def _json(schema: Json, example: Any = None) -> Json:
    return {"application/json": {"schema": schema, **({"example": example} if example is not None else {})}}


def _name(models: Models) -> list[Json]:
    names = [model.name for model in models]
    return [{"name": "name", "in": "path", "required": True, "schema": {"type": "string", "enum": names}}]


def _option(name: str, words: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "description": words, "schema": schema}


def _predict(models: Models) -> Json:
    options = [
        _option("model", "Which model; the first one by default.", {"enum": [model.name for model in models]}),
        _option("top", "How many classes to name for each row.", {"type": "integer", "minimum": 1, "maximum": 10000}),
        _option("invert", "Pictures: swap light and dark; auto: if that makes them like the training's.", _FLAG),
        _option("crop", "Pictures: cut the subject out; auto: if the training pictures show such subjects.", _FLAG),
        _option("see", "Pictures: return each one as the network saw it.", _FLAG),
        _option("strict", "Reject the whole request if one row cannot be read.", _FLAG),
        _option("probabilities", "CSV: a column for each class.", _FLAG),
        _option("format", "Format of the answer.", {"type": "string", "enum": ["json", "csv"]}),
    ]
    files = _object({"file": _array({"type": "string", "contentMediaType": "application/octet-stream"})}, "file")
    rows = _object({"rows": _array(_row(models))}, "rows")
    pictures = _object({"pictures": _array({"type": "string", "contentEncoding": "base64"})}, "pictures")
    content = {
        **_json({"oneOf": [rows, pictures]}, _example(models.first)),
        "multipart/form-data": {"schema": files},
        "text/csv": {"schema": {"type": "string"}},
        "image/png": {"schema": {"type": "string", "contentMediaType": "image/png"}},
        "image/jpeg": {"schema": {"type": "string", "contentMediaType": "image/jpeg"}},
    }
    found = _object({"predictions": _array({"type": "object"}), "notes": _array({"type": "string"}, 0)}, "predictions")
    answer = {**_json(found), "text/csv": {"schema": {"type": "string"}}}
    return _post("Predictions of rows, pictures or a CSV", content, answer, options)


def _example(model: ServedModel) -> Json:
    row = example_row(model)
    if row is not None:
        return {"rows": [row]}
    if model.kind == "picture":
        return {"pictures": ["iVBORw0KGgo..."]}
    return {"rows": [_zeros(model.input_shape)]}


def _zeros(shape: tuple[int, ...]) -> Any:
    """Nested lists of this shape, cut where they would be long."""
    return 0 if not shape else [_zeros(shape[1:]) for _ in range(min(shape[0], 8))]


def _feedback(models: Models) -> Json:
    text: Json = {"type": "string", "maxLength": 1000}
    names: Json = {"type": "string", "enum": [model.name for model in models]}
    said = {"model": names, "correct": {"type": ["string", "number"]}, "predicted": text, "input": text}
    said |= {"sha256": text, "row": {"type": "object"}}
    classes = models.first.meaning.class_names
    example = {"correct": classes[0] if classes is not None else 1.5}
    answer = _json(_object({"kept": {"type": "boolean"}}))
    summary = "Keep what the right answer would have been (mlpcli serve --feedback FILE)"
    found = _post(summary, _json(_object(said, "correct"), example), answer, status="201")
    found["responses"]["507"] = {"description": "The file cannot be written.", **found["responses"]["422"]}
    return found


def _v1(models: Models) -> Json:
    row = example_row(models.first)
    rows, signature = _array(_row(models)), {"type": "string"}
    instances = _object({"instances": rows, "signature_name": signature}, "instances")
    columns: Json = {"type": "object", "additionalProperties": _array(_CELL)}
    inputs = _object(
        {"inputs": {"oneOf": [columns, _array(_row(models))]}, "signature_name": {"type": "string"}}, "inputs"
    )
    example = {"instances": [row if row is not None else _zeros(models.first.input_shape)]}
    answer = _json({"type": "object"})
    summary = "The outputs of the network (KServe V1, TensorFlow Serving)"
    return _post(summary, _json({"oneOf": [instances, inputs]}, example), answer, _name(models))


def _v2(models: Models) -> Json:
    tensor = _object(
        {
            "name": {"type": "string"},
            "shape": _array({"type": "integer", "minimum": 1}),
            "datatype": {"type": "string", "enum": ["BYTES", *TYPES]},
            "data": {"type": "array"},
        },
        *("name", "shape", "datatype", "data"),
    )
    wanted = _array(_object({"name": {"type": "string"}}, "name"), 0)
    asked = _object({"id": {"type": "string"}, "inputs": _array(tensor), "outputs": wanted}, "inputs")
    answer = _json(_object({"outputs": _array({"type": "object"})}, "outputs"))
    answer["application/octet-stream"] = {"schema": {"type": "string"}}
    summary = "Predict tensors from tensors (Open Inference Protocol, KServe V2)"
    return _post(summary, _json(asked, _v2_example(models.first)), answer, _name(models))


def _v2_example(model: ServedModel) -> Json:
    row = example_row(model)
    if row is None:
        shape = [1, *model.input_shape]
        return {"inputs": [{"name": INPUT, "shape": shape, "datatype": "FP32", "data": _zeros(tuple(shape))}]}
    kinds = {name: "FP64" if isinstance(cell, (int, float)) else "BYTES" for name, cell in row.items()}
    return {
        "inputs": [{"name": name, "shape": [1], "datatype": kinds[name], "data": [cell]} for name, cell in row.items()]
    }


def _invocations(models: Models) -> Json:
    first = models.first
    row = example_row(first)
    data = _object({"columns": _array({"type": "string"}), "data": _array(_array(_CELL))}, "data")
    keys = {"dataframe_split": data, "dataframe_records": _array(_row(models))}
    keys |= {"instances": _array(_row(models)), "inputs": {"type": ["object", "array"]}}
    example: Json = {"instances": [_zeros(first.input_shape)]}
    if row is not None:
        example = {"dataframe_split": {"columns": list(row), "data": [list(row.values())]}}
    content = {**_json({"oneOf": [_object({key: schema}, key) for key, schema in keys.items()]}, example)}
    content["text/csv"] = {"schema": {"type": "string"}}
    answer = _json(_object({"predictions": {"type": "array"}}, "predictions"))
    return _post("A record for each row of a data frame (MLflow); of several models, the first", content, answer)
