"""Trains with the NumPy engine, in this process, and reads what each tracker was told with the tracker's own client."""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mlpcli.training.progress import Silence

MOONS = """
name: moons
data: {source: moons, validation: 0.2, test: 0.2, generate: {rows: 100}}
model: {hidden_units: [4]}
training: {engine: numpy, epochs: 4, batch_size: 16, optimizer: {name: sgd, learning_rate: 0.05}}
output: {plots: []}
"""
ALL = "output.trackers=[mlflow, wandb, tensorboard]"


class Notes(Silence):
    """Keeps what a user is told. stop_in: the epoch, from 1, in which Ctrl-C comes."""

    def __init__(self, stop_in: int | None = None) -> None:
        self.notes: list[str] = []
        self.epochs = 0
        self.stop_in = stop_in

    def note(self, text: str) -> None:
        self.notes.append(text)

    def step(self, step: int) -> None:
        if self.epochs + 1 == self.stop_in:
            self.stop_in = None
            os.kill(os.getpid(), signal.SIGINT)

    def epoch(self, row: Any) -> None:
        self.epochs += 1

    @property
    def warnings(self) -> list[str]:
        return [note for note in self.notes if note.startswith("warning: ")]


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No account of whoever runs the tests is found, and nothing is written into their home."""
    folder = tmp_path_factory.mktemp("clients")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("WANDB_", "MLFLOW_"))]:
            patch.delenv(name)
        for name in ("CONFIG", "DATA", "CACHE"):
            patch.setenv(f"WANDB_{name}_DIR", str(folder / name))
        patch.setenv("NETRC", str(folder / "netrc"))
        patch.setenv("WANDB_ERROR_REPORTING", "false")
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        yield
        if "wandb" in sys.modules:
            sys.modules["wandb"].teardown()


@pytest.fixture(scope="session", autouse=True)
def _no_tensorflow_where_it_is_not_asked_for(pytestconfig: pytest.Config) -> None:
    """In the light ring, TensorBoard reads without it.

    It does where a module of this name can be imported (tensorboard/compat/__init__.py), once and for all: tf.summary,
    by which Keras's callback writes for tests of the outer ring, would then not work.
    """
    if pytestconfig.option.markexpr == "not tf":
        sys.modules.setdefault("tensorboard.compat.notf", ModuleType("notf"))


@pytest.fixture(scope="session")
def train_in() -> Callable[..., Any]:
    """`train_in(folder, "training.epochs=3", progress=Notes())` gives a TrainResult."""
    from mlpcli.workflows.train import train

    def run(folder: Path, *overrides: str, **settings: Any) -> Any:
        folder.mkdir(exist_ok=True)
        config = folder / "moons.yaml"
        config.write_text(MOONS, encoding="utf-8")
        return train(config, overrides, folder / "runs", resend_signals=False, **settings)

    return run


@pytest.fixture
def train(train_in: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """The same, in the test's own folder."""
    return lambda *overrides, **settings: train_in(tmp_path, *overrides, **settings)


def wandb_records(file: Path) -> list[Any]:
    """The records of a .wandb file: protobuf messages in LevelDB's log format, in blocks of 32 KiB."""
    from wandb.proto import wandb_internal_pb2

    content, position, records, parts = file.read_bytes(), 7, [], b""
    assert content[:4] == b":W&B"
    while position + 7 <= len(content):
        left = 32768 - position % 32768
        if left < 7:
            position += left
            continue
        _, length, kind = struct.unpack_from("<IHB", content, position)
        parts += content[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):  # a whole record, or the last part of one
            records.append(wandb_internal_pb2.Record.FromString(parts))
            parts = b""
    return records


def wandb_values(items: Any) -> dict[str, Any]:
    """Key to value; of nested keys with dots."""
    return {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in items}


def read_events(folder: Path) -> Any:
    """TensorBoard's own reader of all runs in a folder, without limits."""
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer

    events = EventMultiplexer(tensor_size_guidance={"scalars": 0, "images": 0}).AddRunsFromDirectory(str(folder))
    events.Reload()
    return events


def scalars(events: Any, run: str, tag: str) -> dict[int, float]:
    """Step to value."""
    from tensorboard.util.tensor_util import make_ndarray

    found = [(event.step, float(make_ndarray(event.tensor_proto))) for event in events.Tensors(run, tag)]
    assert len(dict(found)) == len(found)
    return dict(found)
