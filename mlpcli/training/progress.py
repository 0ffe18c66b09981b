"""What training says while it runs; the command line shows it, a notebook may ignore it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Progress(Protocol):
    """Listens to a training. Every method may be called from the thread that trains only."""

    def note(self, text: str) -> None:
        """Something worth knowing that is neither a result nor an error."""

    def loading(self, what: str, done: int, total: int) -> None:
        """So much of a long piece of loading is done."""

    def start(self, epochs: int, steps: int, rows: int) -> None:
        """Training begins: at most `epochs`, each of `steps` batches with `rows` rows together."""

    def step(self, step: int) -> None:
        """That many batches of this epoch are done."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """An epoch is done; `row` is its line of history.csv."""

    def finish(self) -> None:
        """Training is over, however it ended."""


class Silence:
    """Shows nothing."""

    def note(self, text: str) -> None:
        pass

    def loading(self, what: str, done: int, total: int) -> None:
        pass

    def start(self, epochs: int, steps: int, rows: int) -> None:
        pass

    def step(self, step: int) -> None:
        pass

    def epoch(self, row: Mapping[str, float]) -> None:
        pass

    def finish(self) -> None:
        pass
