"""Commands of mlpcli in forks of one process that has imported what they need: most of their time is that import.

A fork has streams, a session, a working folder and an environment of its own, and ends as a command does; what it has
not imported at the end, the command does not import. But it is not a new Python: the interpreter's start and end, and
streams that are closed before it starts, are tested in processes of their own.

As a program, the process that forks: it takes a request as JSON from each line of its socket, after three streams and a
pipe that says how the command ended. It computes nothing, so that it has one thread, and a fork is as a new process.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMPORTED = {
    "tensorflow": ("keras_engine.workers", "workflows.follow", "workflows.resume"),
    "numpy": (
        *("cli.main", "cli.progress_bars", "cli.train", "cli.train_results"),
        *("numpy_engine.numpy_model", "workflows.resume"),
    ),
}
"""Modules of mlpcli that commands need, by the engine that trains."""
OTHERS = ("h5py", "numpy.ma", "numpy.random", "rich.console", "rich.table", "threadpoolctl")
COMMAND = "from mlpcli.__main__ import main; main()"


class Forks:
    """Starts commands; to be closed at the end."""

    def __init__(self, engine: str) -> None:
        self.socket, theirs = socket.socketpair()
        self.parent = subprocess.Popen(
            [sys.executable, __file__, engine, str(theirs.fileno())], env={**os.environ, "PYTHONPATH": str(ROOT)},
            pass_fds=[theirs.fileno()], start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self.started: list[Fork] = []

    def start(
        self,
        arguments: Sequence[str | Path],
        folder: Path,
        variables: Mapping[str, str] | None = None,
        *,
        program: str = COMMAND,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> Fork:
        """Run `mlpcli ARGUMENTS`, or another program in Python, in a folder, with more variables of the environment.

        stdin: its input; by default there is none.
        stdout, stderr: where its output goes; by default to where `Fork.communicate` has it from.
        """
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 # open until it has ended
        streams = [out.fileno() if stdout is None else stdout, err.fileno() if stderr is None else stderr]
        request = [[*map(str, arguments)], str(folder), {**os.environ, **(variables or {})}, program]
        ended, ends = os.pipe()
        with open(os.devnull, "rb") as nothing:
            socket.send_fds(self.socket, [b"."], [nothing.fileno() if stdin is None else stdin, *streams, ends])
        os.close(ends)
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        self.started.append(Fork(ended, (out, err)))
        return self.started[-1]

    def run(self, arguments: Sequence[str | Path], folder: Path, *more: Mapping[str, str], **settings: object) -> Ended:
        """The same, to its end."""
        process = self.start(arguments, folder, *more, **settings)  # type: ignore[arg-type]
        out, err = process.communicate()
        return Ended(arguments, process.wait(), out, err)

    def close(self) -> None:
        """End the process that forks, and what a test that failed has left."""
        for process in self.started:
            process.kill()
            process.wait()
        self.socket.close()
        assert self.parent.wait() == 0


Ended = subprocess.CompletedProcess[str]


class Fork:
    """A command that was started, with what is used of subprocess.Popen. It leads a session."""

    def __init__(self, ended: int, captured: Sequence[tempfile._TemporaryFileWrapper[bytes]]) -> None:
        self.ended, self.captured = open(ended, "rb", buffering=0), captured  # noqa: SIM115
        self.pid = int(self.ended.readline())
        self.returncode: int | None = None
        self.said = ("", "")

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self.ended], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float = 300) -> int:
        if self.returncode is None:
            if not select.select([self.ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("mlpcli", timeout)
            self.returncode = int(self.ended.readline())
            self.ended.close()
            self.said = (_content(self.captured[0]), _content(self.captured[1]))
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float = 300) -> tuple[str, str]:
        """Waits for its end; returns standard output and error."""
        self.wait(timeout)
        return self.said


def _content(file: tempfile._TemporaryFileWrapper[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode("utf-8")


def _become(streams: Sequence[int], arguments: Sequence[str], folder: str, environment: dict[str, str]) -> None:
    """Make a fork what a new Python would be that runs `-m mlpcli ARGUMENTS`."""
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests run under nohup
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = ["mlpcli", *arguments]
    sys.path[0:1] = [folder, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _watch(ends: int, command: int) -> None:
    """Say the number of a command, and at its end how it ended."""
    os.write(ends, b"%d\n" % command)
    os.write(ends, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(command, 0)[1]))
    os._exit(0)


def _import(engine: str) -> None:
    from mlpcli import backend
    from mlpcli.config.load_config import load_config

    if engine == "tensorflow":
        backend.keras()
    for name in (*OTHERS, *(f"mlpcli.{name}" for name in IMPORTED[engine])):
        import_module(name)
    load_config(ROOT / "configs" / "digits.yaml")  # makes the schema, which takes a fifth of a second
    gc.freeze()  # every training asks for a collection, which would look through all that was imported


def main(engine: str, number: str) -> None:
    _import(engine)
    asked = socket.socket(fileno=int(number))
    lines = asked.makefile(encoding="utf-8")
    while (given := socket.recv_fds(asked, 1, 4))[0]:
        *streams, ends = given[1]
        arguments, folder, environment, program = json.loads(lines.readline())
        if os.fork() == 0:
            command = os.fork()
            if command:
                _watch(ends, command)
            os.close(ends)
            asked.detach()
            os.close(int(number))
            _become(streams, arguments, folder, environment)
            exec(program, {"__name__": "__main__"})
            return
        for file in given[1]:
            os.close(file)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)  # so that their time is counted
    os._exit(0)  # TensorFlow would take a second to end


if __name__ == "__main__":
    main(*sys.argv[1:])
