"""Names that TensorFlow takes as scopes, for names that people give.

TensorFlow's scopes allow `[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*` only, so a layer called 출력 cannot carry that name in the
graph; the person's name is kept in the metadata.
"""

from __future__ import annotations

import re

INPUT_NAME = "input"
"""What the model's input is called in the graph; no layer can have that name, too."""


def safe_names(names: list[str], fallbacks: list[str]) -> list[str]:
    """One safe and unique name for each; where nothing of a name is left, its fallback."""
    taken = {INPUT_NAME}
    return [_unused(safe_name(name, fallback), taken) for name, fallback in zip(names, fallbacks, strict=True)]


def safe_name(name: str, fallback: str) -> str:
    """The name with every other character replaced by `_`, or `fallback` where no letter or digit is left."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-")
    return safe or fallback


def _unused(name: str, taken: set[str]) -> str:
    unique, number = name, 1
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    taken.add(unique)
    return unique
