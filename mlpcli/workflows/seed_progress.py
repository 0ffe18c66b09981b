"""How several trainings show themselves to one listener."""

from __future__ import annotations

from mlpcli.training.interrupts import Interrupted
from mlpcli.training.progress import Progress


class SeedProgress:
    """Hands on what it is told; a note that is the same for every seed only once.

    noted: signals that came. One that comes while data is loaded is raised there, where no epoch can be lost.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.noted: list[Interrupted] = []
        self._said: set[str] = set()
        self.start, self.step, self.epoch, self.finish = progress.start, progress.step, progress.epoch, progress.finish

    def note(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self.progress.note(text)

    def loading(self, what: str, done: int, total: int) -> None:
        if self.noted:
            raise self.noted[0]
        self.progress.loading(what, done, total)
