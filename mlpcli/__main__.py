"""`python -m mlpcli`, and the command `mlpcli`: Ctrl-C and the locale are seen to before anything else is imported."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run a command and exit; see `mlpcli.cli.main` for the exit codes."""
    try:
        _run_in_utf_8()
        from mlpcli.cli.main import main as run
        from mlpcli.cli.terminal import say_traceback

        sys.excepthook = say_traceback
        run()
    except KeyboardInterrupt:
        from mlpcli.cli.terminal import say

        say("interrupted")
        sys.exit(130)
    finally:
        # Where Ctrl-C ended the exec of a text (every dataclass is one), Python remembers it, and would end itself with
        # the signal in place of the exit code. The next exec makes it forget.
        exec("")


def _run_in_utf_8() -> None:
    """Start again in Python's UTF-8 mode where the locale knows only ASCII, in which no Hangul can be written."""
    if sys.getfilesystemencoding() == "ascii" and os.environ.get("PYTHONUTF8") != "1" and sys.executable:
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


if __name__ == "__main__":
    main()
