"""Writing to standard output and standard error, whatever has become of whoever reads them."""

from __future__ import annotations

import contextlib
import os
import re
import sys

from mlpcli.errors import OutputError


def prepare_streams() -> None:
    """A terminal without the letters of a name, Hangul for example, is no reason to fail: they are escaped."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def write_result(text: str) -> None:
    """Write to standard output. A reader that has gone away (`| head`) is no error: the work itself was done.

    Raises:
        OutputError: standard output is a file on a full disk, for example.
    """
    if sys.stdout is None:  # closed by the shell: >&-
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_results()
    except OSError as error:
        _discard_results()
        raise OutputError(f"standard output: cannot be written: {error.strerror}") from error


class ResultStream:
    """Standard output by way of `write_result`, for rich, which would end the process when the reader goes away."""

    encoding = property(lambda self: getattr(sys.stdout, "encoding", None) or "utf-8")

    def write(self, text: str) -> None:
        # rich fills tables with spaces up to their width, which a file or the next program has no use for.
        write_result(text if self.isatty() else re.sub(r" +$", "", text, flags=re.MULTILINE))

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return sys.stdout is not None and sys.stdout.isatty()


def say(text: str) -> None:
    """A line on standard error: a note, a warning, an error; nothing fails because nobody reads it."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(text, file=sys.stderr, flush=True)


def _discard_results() -> None:
    """Send the rest of standard output nowhere, so that Python does not complain about it at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
