"""The errors that users can meet. Standard library only: everything else stands on this file.

Each carries the exit code of the command line: 2 where what the user gave is wrong, 1 where the run failed.
Whatever is not an MlpcliError is a bug in mlpcli and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MOST_SHOWN = 20
"""Problems of a config that are printed; the rest is counted."""


class MlpcliError(Exception):
    """It failed (exit code 1): resources, input and output, a loss that is not finite."""

    exit_code = 1


class UserError(MlpcliError):
    """What the user gave is wrong (exit code 2); the message names it and says what to do."""

    exit_code = 2


class DataError(UserError):
    """A data file or folder cannot be used as it is."""


class ModelFileError(UserError):
    """A model file is missing, damaged, or not one that mlpcli reads."""


class RunDirectoryError(UserError):
    """A folder is no run directory, or none can be made where it was asked for."""


class OutputError(MlpcliError):
    """Something could not be written: a full disk, a missing permission."""


class TrainingError(MlpcliError):
    """Training cannot go on, for example because the loss is not finite."""


class SettingError(UserError):
    """A setting does not fit the data or another setting.

    Raised where the setting is used; `Config.located` adds the file, line and column where it stands.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
        self.message = message


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a config: where it stands (line and column from 1; 0 where there is none) and what it is."""

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
    """The NumPy engine has no such layer, argument, loss or metric; Keras has."""

    def __init__(self, layer: str, why: str) -> None:
        """`layer` is the name of a layer, a loss or a metric; `why` completes "needs Keras: ..."."""
        super().__init__(f"{layer} needs Keras: {why}")
        self.layer, self.why = layer, why


class LeftToKerasError(Exception):
    """Raised within a layer, which does not know its name; the text is the `why`."""
