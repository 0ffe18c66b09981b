"""`mlpcli launch`: the workers of a training as processes of this machine, on ports that are free, to try it out."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import IO

from mlpcli.cluster import TF_CONFIG, tf_config
from mlpcli.errors import UserError
from mlpcli.process import MLPCLI, python_command
from mlpcli.training.progress import Interrupted, noted_interruptions

MOST_WORKERS = 64
LOOK_SECONDS = 0.1
GRACE_SECONDS = 60
"""For the others to end by themselves when one has: TensorFlow tells them, and the chief saves what it has."""
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Launched:
    """How the workers ended. exit_codes: by rank; a negative one is the signal that killed it."""

    exit_codes: tuple[int, ...]
    interrupted: Interrupted | None = None

    @property
    def exit_code(self) -> int:
        """Of all together: the chief's, or that of the first worker that failed."""
        failed = next((code for code in self.exit_codes if code), 0)
        code = self.exit_codes[0] or failed
        return code if code >= 0 else 128 - code


def launch(workers: int, arguments: Sequence[str], say: Callable[[str], None]) -> Launched:
    """Start `mlpcli train` with these arguments in so many processes, and wait for them.

    The chief has this process's output; what the others say goes line by line to `say`. When one fails, the others have
    GRACE_SECONDS to end by themselves. A signal is passed on to all.

    Raises:
        UserError: the number of workers is out of range.
    """
    if not 2 <= workers <= MOST_WORKERS:
        raise UserError(f"workers: {workers} is out of range; give a number from 2 to {MOST_WORKERS}")
    addresses = [f"{HOST}:{port}" for port in free_ports(workers)]
    command = [*python_command(MLPCLI), "train", *arguments]
    with ExitStack() as stack, noted_interruptions() as noted:
        processes: list[subprocess.Popen[str]] = []
        stack.callback(_end, processes)  # also where one of them cannot be started
        for rank in range(workers):
            processes.append(_start(command, addresses, rank))
        listeners = [_listen(process, rank, say) for rank, process in enumerate(processes) if rank]
        _wait(processes, noted, say)
        for listener in listeners:
            listener.join(timeout=1)
    return Launched(tuple(process.wait() for process in processes), noted[0] if noted else None)


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody uses at the moment."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _start(command: Sequence[str], addresses: list[str], rank: int) -> subprocess.Popen[str]:
    environment = {**os.environ, TF_CONFIG: tf_config(addresses, rank)}
    if rank == 0:
        return subprocess.Popen(command, env=environment, text=True)
    # A session of its own: Ctrl-C in the terminal reaches the chief and this process, which passes it on once.
    return subprocess.Popen(
        command,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        errors="backslashreplace",
        start_new_session=True,
    )


def _listen(process: subprocess.Popen[str], rank: int, say: Callable[[str], None]) -> threading.Thread:
    def tell(stream: IO[str]) -> None:
        with stream:
            for line in stream:
                text, own = line.rstrip("\n"), (f"worker {rank} ", f"error: worker {rank} ")
                say(text if text.startswith(own) else f"worker {rank}: {text}")

    assert process.stderr is not None
    thread = threading.Thread(target=tell, args=(process.stderr,), daemon=True)
    thread.start()
    return thread


def _wait(processes: Sequence[subprocess.Popen[str]], noted: list[Interrupted], say: Callable[[str], None]) -> None:
    """Until all have ended, or some have failed and the others had their time."""
    passed_on, limit = 0, float("inf")
    while any(process.poll() is None for process in processes) and time.monotonic() < limit:
        if len(noted) > passed_on:
            passed_on = len(noted)
            _send(processes, noted[-1].number)
        failed = [rank for rank, process in enumerate(processes) if process.poll()]
        if failed and limit == float("inf"):
            limit = time.monotonic() + GRACE_SECONDS
            if processes[failed[0]].returncode < 0:
                name = signal.Signals(-processes[failed[0]].returncode).name
                say(f"worker {failed[0]} was killed ({name}); the others will stop, too")
        time.sleep(LOOK_SECONDS)


def _send(processes: Sequence[subprocess.Popen[str]], number: int) -> None:
    for rank, process in enumerate(processes):
        # In a terminal, Ctrl-C has come to the chief already, and a second one would kill it.
        if number != signal.SIGINT or rank or not sys.stdin or not sys.stdin.isatty():
            with suppress(OSError):
                process.send_signal(number)


def _end(processes: Sequence[subprocess.Popen[str]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()
