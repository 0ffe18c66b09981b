"""Commands of mlpcli in forks of one process that has imported TensorFlow: two seconds less for each.

As a program, the process that forks: it takes a request as JSON from each line of standard input, and answers with a
line. It computes nothing, so that TensorFlow has started no thread in it and a fork is as a new process.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

IMPORTED = ("keras_engine.workers", "workflows.follow", "workflows.resume", "workflows.train", "tables.csv_reader")
"""What a worker needs."""


class Forks:
    """Starts commands; to be closed at the end."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.parent = subprocess.Popen([sys.executable, __file__], env=environment, encoding="utf-8", **pipes)
        self.count = 0

    def start(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Fork:
        """Run `mlpcli ARGUMENTS` in a folder, where its standard output and error go into files."""
        self.count += 1
        files = [folder / f"{name}-{self.count}.txt" for name in ("out", "err")]
        return Fork(self, self.ask("start", arguments, str(folder), dict(environment), *map(str, files)), files)

    def ask(self, *request: Any) -> Any:
        """The answer of the process that forks."""
        print(json.dumps(request), file=self.parent.stdin, flush=True)
        return json.loads(self.parent.stdout.readline())  # type: ignore[union-attr]

    def close(self) -> None:
        """End it."""
        self.parent.communicate()
        assert self.parent.returncode == 0


class Fork:
    """A command that was started, with what is used of subprocess.Popen."""

    def __init__(self, forks: Forks, pid: int, files: Sequence[Path]) -> None:
        self.forks, self.pid, self.files = forks, pid, files
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self.forks.ask("poll", self.pid)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float = 60) -> tuple[str, str]:
        """Waits for its end; returns standard output and error."""
        limit = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > limit:
                raise subprocess.TimeoutExpired("mlpcli", timeout)
            time.sleep(0.02)
        out, err = (file.read_text(encoding="utf-8") for file in self.files)
        return out, err


def _become(arguments: Sequence[str], folder: str, environment: Mapping[str, str], *files: str) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, file in enumerate(files, start=1):
        os.dup2(os.open(file, os.O_CREAT | os.O_WRONLY), number)
    sys.argv[:] = ["mlpcli", *arguments]
    from mlpcli.__main__ import main

    main()


def main() -> None:
    from mlpcli import backend

    backend.keras()
    for name in IMPORTED:
        import_module(f"mlpcli.{name}")
    gc.freeze()  # every training asks for a collection, which would look through all that was imported
    for line in sys.stdin:
        request, *given = json.loads(line)
        if request == "start":
            answer: int | None = os.fork()
            if answer == 0:
                _become(*given)
        else:
            ended, status = os.waitpid(given[0], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if ended else None
        print(json.dumps(answer), flush=True)
    os._exit(0)  # TensorFlow would take a second to end


if __name__ == "__main__":
    main()
