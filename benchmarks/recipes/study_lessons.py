"""What the three comparing pages say, and the claims that their sentences rest on (see `families.py`)."""

from __future__ import annotations

OPTIMIZERS_TEXT = "LESSON"
INITIALIZERS_TEXT = "LESSON"
REGULARIZATION_TEXT = "LESSON"

STUDY_CLAIMS: dict[str, tuple[str, ...]] = {"optimizers": (), "initializers": (), "regularization": ()}
