"""Filtering what C++ writes to file descriptor 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _run(code: str) -> subprocess.CompletedProcess[str]:
    script = f"import os, sys\nfrom mlpcli.backend import filtered_stderr\n{code}"
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=300)


def test_noise_is_dropped_within_and_everything_is_shown_in_order_after() -> None:
    done = _run(
        "os.write(2, b'before\\n')\n"
        "with filtered_stderr():\n"
        "    os.write(2, b'oneDNN custom operations are on\\n')\n"
        "    os.write(2, b'real error\\n')\n"
        "    print('from Python', file=sys.stderr)\n"
        "os.write(2, b'oneDNN custom operations are on, afterwards\\n')\n"
    )
    lines = ["before", "real error", "from Python", "oneDNN custom operations are on, afterwards"]
    assert (done.returncode, done.stderr.splitlines()) == (0, lines)


def test_an_exception_passes_and_the_descriptor_is_given_back() -> None:
    done = _run(
        "try:\n"
        "    with filtered_stderr():\n"
        "        raise ValueError\n"
        "except ValueError:\n"
        "    os.write(2, b'caught\\n')\n"
    )
    assert (done.returncode, done.stderr) == (0, "caught\n")


def test_standard_error_may_be_closed() -> None:
    done = _run("os.close(2); sys.stderr = None\nwith filtered_stderr():\n    print('works')\n")
    assert (done.returncode, done.stdout) == (0, "works\n")
