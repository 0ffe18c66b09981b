"""A listener that keeps the notes of a training, for tests that read them."""

from __future__ import annotations

from mlpcli.training.progress import Silence


class Notes(Silence):
    """Keeps what a run says of itself."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)
