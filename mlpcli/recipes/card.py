"""A recipe's card: the comment that its config opens with, as a text that people read and a table that programs do.

# 100 sigmoid units on Fashion-MNIST                             the title
# What one hidden layer adds to softmax regression ...           what it shows, in one line or several
#
# data      Fashion-MNIST: 48,000 training rows, ...             facts: a key, two spaces or more, a value
# score     test accuracy 0.8584 ± 0.0021, 3 seeds
# command   mlpcli train configs/fashion_mnist/sigmoid.yaml
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

SCORE, TIME, COMMAND = "score", "time", "command"
"""Keys of facts that others ask for."""

_KEY_WIDTH = 10


@dataclass(frozen=True)
class Card:
    """What a recipe says of itself; `facts` are in the order of the file."""

    title: str
    shows: str
    facts: dict[str, str] = field(default_factory=dict)


def parse_card(text: str) -> Card:
    """The card that a config's text opens with; empty where it opens with no comment. Never fails."""
    lines = _header(text)
    blank = lines.index("") if "" in lines else len(lines)
    prose, rest = lines[:blank], lines[blank + 1 :]
    facts = {match[1]: match[2] for line in rest if (match := re.fullmatch(r"(\w+) {2,}(\S.*)", line))}
    return Card(prose[0] if prose else "", " ".join(prose[1:]), facts)


def with_facts(text: str, facts: dict[str, str]) -> str:
    """The config's text with these facts on its card; the title, what it shows and the config itself stay."""
    lines = text.splitlines(keepends=True)
    header = len(_header(text))
    blank = next((place for place, line in enumerate(lines[:header]) if line.strip() == "#"), header)
    table = ["#\n", *(f"# {key:<{_KEY_WIDTH - 2}}  {value}\n" for key, value in facts.items())]
    return "".join([*lines[:blank], *table, *lines[header:]])


def _header(text: str) -> list[str]:
    """The lines of the comment at the top, without their `#`."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line[1:].strip())
    return lines
