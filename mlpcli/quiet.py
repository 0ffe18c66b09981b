"""Keeps TensorFlow's start-up chatter from the user, and nothing else.

The chatter is written by C++ to file descriptor 2 before any log level is read, so only the descriptor can be filtered.
The filter is a child process rather than a thread or a file: when the import aborts, its message is still shown.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILTER = Path(__file__).with_name("noise_filter.py")


@contextmanager
def filtered_stderr() -> Iterator[None]:
    """Within it, file descriptor 2 runs through the filter; real errors are shown as they come."""
    try:
        original = os.dup(2)
    except OSError:  # standard error is closed: there is nobody to be kept from noise
        yield
        return
    command = [sys.executable, "-I", "-S", str(_FILTER)]
    # A session of its own: Ctrl-C in the terminal is for the trainer, and the filter ends when its input does.
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    assert child.stdin is not None
    try:
        os.dup2(child.stdin.fileno(), 2)
        child.stdin.close()
        yield
    finally:
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(original, 2)
        os.close(original)
        child.wait()
