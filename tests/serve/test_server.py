"""The command: its start, its messages, its end by SIGTERM, models that change, and what it imports."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlpcli.errors import UserError
from mlpcli.serve.server import is_local, open_socket
from tests.forks import Forks
from tests.serve.serving import PASSENGER, asking, get, post, serving, write_passengers

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def passengers(tmp_path: Path) -> Path:
    return write_passengers(tmp_path / "passengers.keras")


class Started:
    """A server in a process of its own."""

    def __init__(self, folder: Path, *arguments: str | Path) -> None:
        command = [sys.executable, "-m", "mlpcli", "serve", *map(str, arguments), "--port", "0"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.lines: list[str] = []
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r"http://[0-9.]+:\d+", line):
                self.address = found[0]
                break

    def end(self) -> tuple[int, str]:
        """The exit code after SIGTERM, and what was said on standard error since the start."""
        self.process.send_signal(signal.SIGTERM)
        _, rest = self.process.communicate(timeout=300)
        return self.process.returncode, rest


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    started: list[Started] = []

    def make(*arguments: str | Path) -> Started:
        started.append(Started(tmp_path, *arguments))
        return started[-1]

    yield make
    for one in started:
        one.process.kill()
        one.process.communicate()


def test_sigterm_lets_requests_at_hand_be_answered(passengers: Path, start: Callable[..., Started]) -> None:
    server = start(passengers)
    assert server.lines[0] == f"passengers: {passengers}\n"
    assert server.lines[1] == f"serving at {server.address} (the API: /docs); Ctrl-C ends it\n"
    sent, go_on, answers = threading.Event(), threading.Event(), []

    def body() -> Iterator[bytes]:
        yield b'{"rows": ['
        sent.set()
        go_on.wait(300)
        yield b'[30, "S", true, 10]]}'

    headers = {"Content-Type": "application/json"}
    ask = threading.Thread(
        target=lambda: answers.append(post(server.address, "/predict", content=body(), headers=headers))
    )
    ask.start()
    assert sent.wait(300)
    while get(server.address, "/metrics").text.count("mlpcli_requests_in_progress 2") == 0:
        time.sleep(0.01)
    server.process.send_signal(signal.SIGTERM)
    with suppress(httpx.TransportError):  # nothing listens any more
        _until(lambda: not get(server.address, "/health"))
    assert server.process.poll() is None
    go_on.set()
    ask.join(300)
    assert answers[0].status_code == 200
    _, said = server.process.communicate(timeout=300)
    assert (server.process.returncode, said) == (0, "ended; every request was answered\n")


def test_it_imports_neither_tensorflow_nor_what_it_does_not_need(
    passengers: Path, tmp_path: Path, forks: Forks
) -> None:
    code = """
import sys, json
from pathlib import Path
from mlpcli.__main__ import WithoutPandas
sys.meta_path.insert(0, WithoutPandas())
from mlpcli.serve.app import make_app
from mlpcli.serve.models import Models
from mlpcli.serve.service import Service
import mlpcli.serve.server, mlpcli.cli.serve
make_app(Service(Models([Path(sys.argv[1])])))
unwanted = {"tensorflow", "keras", "sklearn", "scipy", "pandas", "matplotlib", "fastapi", "prometheus_client"}
sys.exit(", ".join(unwanted & set(sys.modules)) or 0)
"""
    done = forks.run([passengers], tmp_path, program=code)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_changed_model_is_loaded_without_a_lost_request(passengers: Path, tmp_path: Path) -> None:
    other, notes, found = write_passengers(tmp_path / "other.keras", bias=5.0), [], []
    stop = threading.Event()
    with serving([passengers], watch=True, notes=notes) as address:

        def ask() -> None:
            with asking(address) as client:
                while not stop.is_set():
                    answer = client.post("/predict", json={"rows": [PASSENGER]})
                    found.append((answer.status_code, answer.json().get("version")))
                    stop.wait(0.01)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for one in threads:
            one.start()
        _until(lambda: len(found) > 10)
        shutil.copyfile(other, tmp_path / "new")
        os.replace(tmp_path / "new", passengers)
        _until(lambda: (200, 2) in found)
        (tmp_path / "new").write_bytes(b"half a file")
        os.replace(tmp_path / "new", passengers)
        _until(lambda: len(notes) == 2)
        before = len(found)
        _until(lambda: len(found) > before + 10)
        passengers.unlink()
        stop.set()
        for one in threads:
            one.join(300)
        # 0.1 * 30 + 5 + 1 - 2 = 7 by the new weights
        (entry,) = post(address, "/predict", json={"rows": [PASSENGER]}).json()["predictions"]
    assert set(found) == {(200, 1), (200, 2)}
    assert entry["probability"] == pytest.approx(0.99909, abs=1e-5)
    assert notes[0] == f"passengers: reloaded from {passengers}"
    assert notes[1].startswith(f"warning: passengers: the changed file was not loaded: {passengers}: ")


def _until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 300
    while not true():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "error: Missing argument 'RUN_OR_MODEL...'"),
        (["nowhere"], "error: nowhere: does not exist; give a model file or a run directory"),
        (["{model}", "--host", "192.0.2.1"], "--host 192.0.2.1 --port 8000: "),
        (["{model}", "--token-file", "nowhere"], "--token-file nowhere: No such file or directory; write a token"),
        (["{model}", "--token-file", "short"], "--token-file short: its first line must be 16 letters or more"),
        (["{model}", "--feedback", "."], "--feedback .: is a folder; give the name of a CSV file"),
        (["{model}", "--feedback", "short"], "--feedback short: is a table of another kind, and was left unchanged"),
        (["{model}", "--max-megapixels", "101"], "Invalid value for '--max-megapixels': 101 is not in the range"),
    ],
)
def test_what_is_wrong_is_said(
    mlpcli_here: Any, passengers: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "short").write_text("abc\n", encoding="utf-8")
    done = mlpcli_here("serve", *(part.format(model=passengers) for part in arguments))
    assert done.returncode == 2
    assert said in done.stderr


def test_a_missing_extra_is_named(mlpcli_here: Any, passengers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = mlpcli_here("serve", passengers)
    assert (done.returncode, done.stderr) == (
        2, "error: serve needs Starlette and uvicorn; pip install 'mlpcli[serve]'\n",
    )  # fmt: skip


def test_models_of_one_name_are_numbered(tmp_path: Path) -> None:
    paths = []
    for folder in ("a/digits", "b/digits", "c"):
        (tmp_path / folder).mkdir(parents=True)
        paths.append(tmp_path / folder)
        write_passengers(paths[-1] / "model.keras")
    with serving([paths[0], paths[1] / "model.keras", paths[2]]) as address:
        assert get(address, "/v1/models").json() == {"models": ["digits", "digits-2", "c"]}


def test_a_taken_port_is_named_and_small_answers_are_sent_at_once() -> None:
    with open_socket("127.0.0.1", 0) as opened:
        port = opened.getsockname()[1]
        with pytest.raises(UserError, match=f"--host 127.0.0.1 --port {port}: Address already in use; choose another"):
            open_socket("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port)):
            opened.setblocking(True)
            accepted, _ = opened.accept()
            with accepted:
                assert accepted.proto == socket.IPPROTO_TCP  # for which asyncio sets TCP_NODELAY


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("example.org", False)],
)
def test_which_hosts_are_this_machine_only(host: str, local: bool) -> None:
    assert is_local(host) is local
