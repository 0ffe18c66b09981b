"""Kills a run by SIGKILL at its system calls that change files, resumes it, and compares: a process for each, forked.

    python -m tests.reliability.kill_sweep FOLDER 16

kills at every 16th call; 1 is every call, which takes a minute. Prints how many were tried, and how many of the resumed
runs ended otherwise than a run that nobody killed.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlpcli.runs.history import HistoryWriter
from mlpcli.training import keeper
from mlpcli.workflows.resume import resume
from mlpcli.workflows.train import train
from tests.reliability.conftest import CONFIG, _everything_of

CALLS: list[tuple[Any, str]] = [(os, name) for name in ("fsync", "replace", "unlink", "mkdir")]
CALLS.append((HistoryWriter, "append"))


def _kill_at(number: int) -> None:
    """End this process just before the call of this number."""
    done = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **settings: Any) -> Any:
            nonlocal done
            done += 1
            if done == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **settings)

        return call

    for owner, name in CALLS:
        setattr(owner, name, counted(getattr(owner, name)))


def _in_a_child(act: Callable[[], object]) -> int:
    """The exit code of a child that does it; negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        gc.freeze()  # a series asks for collections, which would look through all that was imported
        try:
            act()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def sweep(folder: Path, every: int) -> tuple[int, int]:
    """How many runs were killed, and how many of them did not end like the one that was not."""
    keeper.SHARE = 1e9  # a checkpoint after every epoch
    config = folder / "moons.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    expected = _everything_of(train(config, run_dir=folder / "straight").run)
    number, tried, wrong = every, 0, 0

    def killed() -> None:
        _kill_at(number)
        train(config, run_dir=folder / f"killed-{number}")

    def resumed() -> None:
        run = resume(folder / f"killed-{number}").run
        assert _everything_of(run) == expected
        assert not list(run.rglob(".tmp-*"))

    while _in_a_child(killed) == -signal.SIGKILL:
        if (folder / f"killed-{number}" / "config.yaml").exists():  # before that there is no run yet
            tried += 1
            wrong += _in_a_child(resumed) != 0
        number += every
    return tried, wrong


if __name__ == "__main__":
    print(json.dumps(sweep(Path(sys.argv[1]).resolve(), int(sys.argv[2]))))
