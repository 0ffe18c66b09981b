"""How results read: `0.8712 ± 0.0021`, and sentences with such figures in them."""

from __future__ import annotations

import re
from collections.abc import Callable

from benchmarks.recipes.results import Spread, entries_of, metric_of, score, spread

_PLACE = re.compile(r"\{(test|validation|train|test loss|gap|epochs|seconds):([^}]+)\}")


def number(value: float) -> str:
    """Four decimals below 10, two from there on."""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.2f}"


def shown(figure: Spread) -> str:
    """A mean with its spread, or the number alone where there was one seed."""
    return f"{number(figure.mean)} ± {number(figure.deviation)}" if figure.seeds > 1 else number(figure.mean)


def figure(word: str, group: str) -> Spread:
    """A figure by its word: a part's score, `test loss`, `gap` (training less test score), `epochs`, `seconds`.

    Raises:
        LookupError: nothing has been measured.
    """
    if word == "epochs":
        return spread(group, lambda entry: entry["epochs"])
    if word == "seconds":
        least = min((entry["seconds"] for entry in entries_of(group)), default=float("nan"))
        return Spread(least, 0.0, 1)
    if word == "test loss":
        return score(group, "test", "loss")
    if word == "gap":
        return spread(group, lambda entry: _part(entry, "train") - _part(entry, "test"))
    return score(group, word)


def filled(text: str) -> str:
    """The text with `{test:fashion_mnist/relu}` and the like replaced by what was measured."""
    return _PLACE.sub(lambda match: _words(match[1])(figure(match[1], match[2])), text)


def check_claims(where: str, claims: tuple[str, ...]) -> None:
    """Refuse sentences that the numbers do not bear: each claim is `word:group < word:group` or `... < number`.

    Raises:
        SystemExit: a claim does not hold.
    """
    for claim in claims:
        left, right = (_side(side.strip()) for side in claim.split("<"))
        if not left < right:
            raise SystemExit(f"{where}: the page would say what was not measured: {claim} ({left:.4f}, {right:.4f})")


def _side(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        word, group = text.split(":", 1)
        return figure(word, group).mean


def _words(word: str) -> Callable[[Spread], str]:
    if word == "seconds":
        return lambda found: f"{found.mean:.0f}"
    return (lambda found: f"{found.mean:.0f}") if word == "epochs" else shown


def _part(entry: dict[str, dict[str, dict[str, float]]], part: str) -> float:
    return entry["scores"][part][metric_of(entry)]
