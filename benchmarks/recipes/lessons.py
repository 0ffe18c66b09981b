"""The sentences of the pages: Markdown files with places for figures, and the claims that they rest on.

    <!-- holds: test:mnist/sigmoid_sgd < test:mnist/early_stopping -->

    Three layers of sigmoid units get {test:mnist/sigmoid_sgd} ...

A page is not written where a claim does not hold: the left figure must lie below the right one by more than either
spread. Both sides are `word:group` (see `figures.figure`) or a number.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.recipes.figures import figure, shown
from benchmarks.recipes.results import Spread

FOLDER = Path(__file__).resolve().parent / "lessons"
_CLAIM = re.compile(r"<!-- holds: (.*?) -->\n*")
_PLACE = re.compile(r"\{(\w[\w\s]*):(\S[^}]*)\}")  # YAML has a space behind the colon


def lesson(name: str) -> str:
    """The text of lessons/NAME.md with its figures filled in.

    Raises:
        SystemExit: one of its claims does not hold.
        LookupError: a figure has not been measured, or is called by no known word.
    """
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    for claim in _CLAIM.findall(text):
        check_claim(name, claim)
    return filled(_CLAIM.sub("", text)).strip()


def filled(text: str) -> str:
    """The text with `{test:fashion_mnist/relu}` and the like replaced by what was measured."""
    return _PLACE.sub(lambda match: _words(match[1], match[2]), text)


def check_claim(where: str, claim: str) -> None:
    """Refuse a sentence that the numbers do not bear (see `lesson`)."""
    left, right = (_side(side.strip()) for side in claim.split("<"))
    if not left.mean + max(left.deviation, right.deviation) < right.mean:
        found = f"{shown(left)} and {shown(right)}"
        raise SystemExit(f"{where}: the page would say what was not measured: {claim} ({found})")


def _side(text: str) -> Spread:
    try:
        return Spread(float(text), 0.0, 1)
    except ValueError:
        word, group = text.split(":", 1)
        return figure(word, group)


def _words(word: str, group: str) -> str:
    found = figure(" ".join(word.split()), " ".join(group.split()))  # a place may run over the end of a line
    return f"{found.mean:.0f}" if word in ("epochs", "seconds") else shown(found)
