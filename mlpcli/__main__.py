"""`python -m mlpcli`, and the command `mlpcli`: Ctrl-C and the locale are seen to before anything else is imported."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from typing import NoReturn


def main() -> NoReturn:
    """Run a command and exit; see `mlpcli.cli.main` for the exit codes."""
    try:
        _run_in_utf_8()
        from mlpcli.process import own_process

        own_process()
        sys.meta_path.insert(0, WithoutPandas())
        from mlpcli.cli.main import main as run
        from mlpcli.cli.terminal import say_traceback

        sys.excepthook = say_traceback
        run()
    except SystemExit as end:
        from mlpcli.process import end_with

        end_with(end.code)
        raise
    except KeyboardInterrupt:
        from mlpcli.cli.terminal import say

        say("interrupted")
        sys.exit(130)
    finally:
        # Where Ctrl-C ended the exec of a text (every dataclass is one), Python remembers it, and would end itself with
        # the signal in place of the exit code. The next exec makes it forget.
        exec("")


class WithoutPandas:
    """Finds no pandas: no command needs it, and where it is installed it would cost each of them half a second.

    pyarrow imports it when it first makes an array (pyarrow/pandas-shim.pxi); scikit-learn and Keras would, too.
    """

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """As Python's finders; see `create_module`."""
        return ModuleSpec(name, self) if name == "pandas" else None  # type: ignore[arg-type] # Python asks no more

    def create_module(self, spec: ModuleSpec) -> NoReturn:
        """What an import of a package that is not installed raises."""
        raise ModuleNotFoundError("mlpcli leaves pandas out", name=spec.name)

    def exec_module(self, module: object) -> None:
        """Never called, but asked for."""


def _run_in_utf_8() -> None:
    """Start again in Python's UTF-8 mode where the locale knows only ASCII, in which no Hangul can be written."""
    if sys.getfilesystemencoding() == "ascii" and os.environ.get("PYTHONUTF8") != "1" and sys.executable:
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


if __name__ == "__main__":
    main()
