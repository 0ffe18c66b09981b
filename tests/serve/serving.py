"""Model files made by hand, and a server for them in a thread of the tests, asked over a real connection."""

from __future__ import annotations

import asyncio
import io
import json
import math
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import httpx
import numpy as np
import uvicorn

from mlpcli.modelfile.container import add_metadata
from mlpcli.serve.app import make_app
from mlpcli.serve.models import Models
from mlpcli.serve.server import open_socket
from mlpcli.serve.service import Service
from mlpcli.tables.column_encoders import CategoryColumn, ValueColumn
from mlpcli.tables.column_format import ColumnFormat
from mlpcli.tables.number_format import NumberFormat
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.target import TargetEncoder

PASSENGERS = Preprocessing(
    (
        ValueColumn("age", "number", 30.0, True, 1.0, 80.0),
        CategoryColumn("port", ("C", "S"), other=True, missing=False, rare=()),
        ValueColumn("alone", "boolean", 0.0, False),
        ValueColumn("fare", "number", 10.0, False, 0.0, 500.0),
    ),
    TargetEncoder(("survived",), ("no", "yes"), positions=False),
    ReadOptions(",", "utf-8", None, {"fare": ColumnFormat(NumberFormat(unit="$", unit_first=True, grouped=True))}),
    "impute",
)
PASSENGER = {"age": 30, "port": "S", "alone": True, "fare": 10}
PASSENGER_KERNEL = np.array([[0.1], [1.0], [-1.0], [1.0], [0.0], [-2.0], [0.0]], np.float32)
"""age, age is missing, port = C, S, (other), alone, fare: logit = 0.1 age - 3 + ... + 1 (from S) - 2 (alone)."""
PASSENGER_BIAS = np.array([-3.0], np.float32)


def write_model(
    path: Path, shape: tuple[int, ...], kernel: np.ndarray, bias: np.ndarray, activation: str, **metadata: Any
) -> Path:
    """A .keras of one dense layer on flattened inputs, with mlpcli's metadata."""
    first = {"class_name": "InputLayer", "config": {"name": "input", "batch_shape": [None, *shape]}}
    flat = {"class_name": "Flatten", "config": {"name": "flatten"}}
    dense = {"class_name": "Dense", "config": {"name": "dense", "units": len(bias), "activation": activation}}
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["layers/dense/vars/0"], file["layers/dense/vars/1"] = kernel, bias
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        description = {"class_name": "Sequential", "config": {"layers": [first, flat, dense]}}
        archive.writestr("config.json", json.dumps(description))
        archive.writestr("model.weights.h5", content.getvalue())
    add_metadata(path, metadata)
    return path


def _metadata(name: str, shape: tuple[int, ...], classes: Sequence[str] | None, target: str | None) -> dict[str, Any]:
    task = "regression" if classes is None else "binary" if len(classes) == 2 else "classification"
    plan = {"task": task, "input_shape": list(shape), "class_names": classes, "labels": "sparse"}
    return {
        "format": 1,
        "version": "0.2.0",
        "name": name,
        "config": {"data": {"source": "somewhere", "target": target}},
        "plan": {**plan, "targets": 1, "threshold": 0.5},
    }


def write_passengers(path: Path, bias: float = -3.0) -> Path:
    """A binary model of the columns of `PASSENGERS`."""
    found = _metadata("passengers", (7,), ["no", "yes"], "survived")
    data = {"fingerprint": "", "feature_names": PASSENGERS.feature_names, "preprocessing": PASSENGERS.as_json()}
    return write_model(path, (7,), PASSENGER_KERNEL, np.array([bias], np.float32), "sigmoid", **found, data=data)


def write_pictures(path: Path) -> Path:
    """A model of three classes of gray pictures, 8 x 8, light on dark, with values from 0 to 16."""
    draw = np.random.default_rng(0)
    found = _metadata("숫자", (8, 8), ["영", "one", "two"], None)
    image = {"size": [8, 8], "color": "grayscale", "fit": "pad", "border": 0.1}
    data = {"fingerprint": "", "feature_names": None, "pixel_max": 16.0, "image": image}
    kernel, bias = draw.normal(0, 0.05, (64, 3)), np.zeros(3)
    return write_model(path, (8, 8), kernel.astype("f4"), bias.astype("f4"), "softmax", **found, data=data)


def write_numbers(path: Path) -> Path:
    """A model that predicts the sum of two rows of three numbers without names."""
    found = _metadata("sums", (2, 3), None, None)
    data = {"fingerprint": "", "feature_names": None}
    kernel, bias = np.ones((math.prod((2, 3)), 1), np.float32), np.zeros(1, np.float32)
    return write_model(path, (2, 3), kernel, bias, "linear", **found, data=data)


def asking(address: str) -> httpx.Client:
    """A client; without TLS, whose certificates take longer to load than all questions."""
    return httpx.Client(base_url=address, timeout=300, verify=False)


def get(address: str, path: str, **sent: Any) -> httpx.Response:
    """The answer to one request."""
    with asking(address) as client:
        return client.get(path, **sent)


def post(address: str, path: str, **sent: Any) -> httpx.Response:
    """The answer to one request that sends something."""
    with asking(address) as client:
        return client.post(path, **sent)


@contextmanager
def serving(paths: Sequence[Path], watch: bool = False, notes: list[str] | None = None, **more: Any) -> Iterator[str]:
    """The address of a server for these models; `more` goes to `Service`."""
    service = Service(Models(paths), **more)
    app = make_app(service, watch, notes.append if notes is not None else print)
    with open_socket("127.0.0.1", 0) as opened:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([opened])), name="server")
        thread.start()
        try:
            while thread.is_alive() and not server.started:
                time.sleep(0.001)
            assert server.started, "the server did not start; its thread says why"
            yield f"http://127.0.0.1:{opened.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(300)
        assert not thread.is_alive()
