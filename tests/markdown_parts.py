"""Takes Markdown pages apart for tests: blocks of code, and the commands that they show."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import click

from mlpcli.cli.main import COMMANDS, cli

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
_COMMAND = re.compile(rf"^\s*(?:[#$]\s*)?(?:\.venv/bin/)?mlpcli ((?:{'|'.join(COMMANDS)})(?: .*?)?)(?:\s{{2,}}#.*)?$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language ("" where none is named), its text, and the line of the page that it opens on."""

    language: str
    text: str
    line: int


def blocks_of(page: Path, language: str | None = None) -> list[Block]:
    """The fenced blocks of a page in their order; those of one language, or all."""
    text = page.read_text(encoding="utf-8")
    found = [Block(match[1], match[2], text.count("\n", 0, match.start()) + 1) for match in _BLOCK.finditer(text)]
    return [block for block in found if language in (None, block.language)]


def command_in(line: str) -> str | None:
    """What a line of a page tells people to type behind `mlpcli `; None for a line that is no command."""
    match = _COMMAND.match(line)
    return match[1] if match and "[OPTIONS]" not in line else None


def check_command(line: str) -> None:
    """Fails where what stands behind `mlpcli ` is no command, or its options and arguments are not of it."""
    name, *arguments = shlex.split(line)
    parent = cli.make_context("mlpcli", [name])
    command = cli.get_command(parent, name)
    assert command is not None
    context = command.make_context(name, list(arguments), parent)
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        name, *arguments = arguments  # `recipes show digits`: a group takes its commands for names until they are run
        command = command.get_command(context, name)
        assert command is not None, f"no command {name}"
        context = command.make_context(name, list(arguments), context)
