"""`mlpcli serve` under load, beside FastAPI scripts that ask the same models through Keras.

python -m benchmarks.serving DATA      (DATA has mnist/ and tabular/, as MLPCLI_DATA; FastAPI must be installed, too)

Each server is a process; each round asks all of them in turn, over 1 and over 8 connections that are kept open, one
request at a time on each. Counted are the milliseconds of each request, and the processor time of the server for it,
which tells little of what else the machine does.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine import RESULTS, versions

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, REQUESTS, WARM = 5, 200, 40
"""Requests of a round, over all connections together; those that come first are not counted."""
CONNECTIONS = (1, 8)
FASTAPI = """
import sys
import keras, numpy as np, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

model, port = keras.models.load_model(sys.argv[1]), int(sys.argv[2])
app = FastAPI()

class Rows(BaseModel):
    rows: list

@app.post("/predict")
def predict(sent: Rows):
    x = np.array(sent.rows, "float32")
    return {"predictions": np.asarray(model(x, training=False)).tolist()}

uvicorn.run(app, port=port, log_level="error", access_log=False)
"""
PASSENGER = {
    "pclass": 3, "sex": "male", "age": 22.0, "sibsp": 1, "parch": 0, "fare": 7.25, "embarked": "S", "class": "Third",
    "who": "man", "adult_male": True, "deck": None, "embark_town": "Southampton", "alone": False,
}  # fmt: skip
TRAINED = {
    "mnist": ["data.limit=6000", "training.epochs=3"],
    "titanic": ["training.epochs=10"],
}


def main() -> None:
    """Train both models, start all servers, and ask them."""
    data = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        runs = {name: _trained(name, settings, data, Path(place)) for name, settings in TRAINED.items()}
        bodies = _bodies(runs)
        servers = {
            f"{what}: {name}": (stack.enter_context(server), bodies[what, form])
            for what in TRAINED
            for name, form, server in _servers(runs[what])
        }
        load = os.getloadavg()
        found = _rounds(servers)
        _note(found, load, [*load, *os.getloadavg()])


def _trained(name: str, settings: list[str], data: Path, place: Path) -> Path:
    run = place / name
    more = [part for setting in (*settings, "training.engine=numpy", "output.plots=[]") for part in ("-s", setting)]
    environment = {**os.environ, "MLPCLI_DATA": str(data), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "mlpcli", "train", name, *more, "--run-dir", str(run)]
    subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True)
    return run


def _bodies(runs: dict[str, Path]) -> dict[tuple[str, str], bytes]:
    """One row of each model as JSON: of its own, and as the numbers that Keras takes."""
    from mlpcli.modelfile.saved_model import open_model
    from mlpcli.serve.rows import table_of

    fitted = open_model(runs["titanic"]).card.data.preprocessing
    assert fitted is not None
    encoded = fitted.encode(table_of([PASSENGER], fitted)).tolist()
    pixels = np.random.default_rng(0).integers(0, 256, (1, 28, 28)).tolist()
    rows = {
        ("mnist", "own"): pixels, ("mnist", "keras"): pixels, ("titanic", "own"): [PASSENGER],
        ("titanic", "keras"): encoded,
    }  # fmt: skip
    return {key: json.dumps({"rows": value}).encode() for key, value in rows.items()}


def _servers(run: Path) -> Iterator[tuple[str, str, Any]]:
    own = [sys.executable, "-m", "mlpcli", "serve", str(run), "--port"]
    yield "mlpcli serve", "own", _started(own)
    yield "FastAPI and Keras", "keras", _started([sys.executable, "-c", FASTAPI, str(run / "model.keras")])


@contextmanager
def _started(command: list[str]) -> Iterator[tuple[int, int]]:
    """Port and process of a server that answers."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.Popen([*command, str(port)], env=environment, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(f"{command[:4]} ended") from None
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(60)


def _rounds(servers: dict[str, tuple[tuple[int, int], bytes]]) -> dict[str, dict[str, list[dict[str, float]]]]:
    found: dict[str, dict[str, list[dict[str, float]]]] = {name: {} for name in servers}
    for number in range(ROUNDS + 1):
        for name, ((port, process), body) in servers.items():
            for connections in CONNECTIONS:
                before = _processor_seconds(process)
                seconds = asyncio.run(_load(port, body, connections, REQUESTS if number else WARM))
                used = _processor_seconds(process) - before
                if number:
                    numbers = {
                        "median_ms": 1e3 * statistics.median(seconds),
                        "p95_ms": 1e3 * float(np.percentile(seconds, 95)),
                        "processor_ms": 1e3 * used / len(seconds),
                    }
                    found[name].setdefault(str(connections), []).append(numbers)
    return found


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _load(port: int, body: bytes, connections: int, requests: int) -> list[float]:
    """Seconds of each request."""
    head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    message = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    each = [_ask(port, message, requests // connections) for _ in range(connections)]
    return [seconds for some in await asyncio.gather(*each) for seconds in some]


async def _ask(port: int, message: bytes, requests: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    seconds = []
    for _ in range(requests):
        begun = time.perf_counter()
        writer.write(message)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(head.decode())
        lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        await reader.readexactly(int(lines[b"content-length"]))
        seconds.append(time.perf_counter() - begun)
    writer.close()
    await writer.wait_closed()
    return seconds


def _note(found: dict[str, dict[str, list[dict[str, float]]]], before: Any, load: list[float]) -> None:
    from importlib.metadata import version

    known = {**versions(), **{name: version(name) for name in ("starlette", "uvicorn", "fastapi")}}
    note = {"versions": known, "requests": REQUESTS, "load": [min(load), max(load)], "servers": found}
    (RESULTS / "serving.json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    print("\n".join(table(note)))


def table(note: dict[str, Any]) -> list[str]:
    """The lines of the table of docs/serving.md."""
    lines = ["| one row a request | connections | ms | ms, slowest 5 % | processor, ms |", "|---|---|---|---|---|"]
    for name, by_connections in note["servers"].items():
        for connections, rounds in by_connections.items():
            cells = [_spread([one[key] for one in rounds]) for key in ("median_ms", "p95_ms", "processor_ms")]
            lines.append(f"| {name} | {connections} | {' | '.join(cells)} |")
    return lines


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
