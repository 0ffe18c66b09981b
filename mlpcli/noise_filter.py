"""Passes standard input on to standard error, without TensorFlow's start-up chatter.

Run as a process of its own (see quiet.py): it outlives a crash of the process it filters, so that the last words of a
C++ abort still come through.
"""

from __future__ import annotations

import contextlib
import re
import sys

NOISE = re.compile(
    rb"All log messages before absl::InitializeLog"
    rb"|oneDNN custom operations are on|^To turn them off, set the environment variable `TF_ENABLE_ONEDNN_OPTS"
    rb"|cudart_stub\.cc|cpu_feature_guard\.cc|^To enable the following instructions"
    rb"|Unable to register cu\w+ factory|computation placer already registered"
    rb"|failed call to cuInit|cuda_diagnostics\.cc|TF-TRT Warning|Could not find cuda drivers"
    rb"|Created TensorFlow Lite XNNPACK delegate"
)


def main() -> None:
    """Copy line by line until the writer closes its end."""
    for line in sys.stdin.buffer:
        if not NOISE.search(line):
            with contextlib.suppress(OSError):  # a full disk; the writer must not see its pipe break
                sys.stderr.buffer.write(line)
                sys.stderr.buffer.flush()


if __name__ == "__main__":
    main()
