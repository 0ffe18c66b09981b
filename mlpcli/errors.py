"""All errors that a user can see, with their exit codes. Standard library only: every other file imports this one.

The exit code is 2 if the input is wrong and 1 if the run failed. Any other exception is a bug in mlpcli and keeps its
traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MOST_SHOWN = 20
"""Problems of a config that are printed; the others are counted."""


class MlpcliError(Exception):
    """The run failed (exit code 1): resources, input and output, a loss that is not finite."""

    exit_code = 1
    run: Path | None = None
    """The run directory that `mlpcli train --resume` can continue."""


class UserError(MlpcliError):
    """The user's input is wrong (exit code 2); the message names it and says what to do."""

    exit_code = 2


class DataError(UserError):
    """A data file or folder cannot be used as it is."""


class ModelFileError(UserError):
    """A model file is missing, damaged, or not one that mlpcli reads."""


class RunDirectoryError(UserError):
    """A folder is not a run directory, or a run directory cannot be created."""


class OutputError(MlpcliError):
    """Something could not be written: a full disk, a missing permission."""


class TrainingError(MlpcliError):
    """Training cannot go on, for example because the loss is not finite."""


class SettingError(UserError):
    """A setting does not fit the data or another setting.

    Raised where the setting is used; `LoadedConfig.located` adds its file, line and column.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
        self.message = message


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a config: its place (line and column from 1, or 0 without a place) and a message."""

    line: int
    column: int
    key: str
    message: str
    file: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(UserError):
    """Every problem of a config at once, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        if len(self.problems) > MOST_SHOWN:
            lines.append(f"... and {len(self.problems) - MOST_SHOWN:,} more")
        if len(lines) > 1:
            name = self.problems[-1].file or "the config"
            lines.insert(0, f"{len(self.problems)} problems in {name}")
        super().__init__("\n".join(lines))


class NeedsKerasError(MlpcliError):
    """The NumPy engine does not support a layer, argument, loss or metric that Keras supports."""

    def __init__(self, layer: str, why: str) -> None:
        """`layer` is the name of a layer, a loss or a metric; `why` completes "needs Keras: ..."."""
        super().__init__(f"{layer} needs Keras: {why}")
        self.layer, self.why = layer, why


class LeftToKerasError(Exception):
    """Raised by a layer, which does not know its own name; the text becomes `NeedsKerasError.why`."""
