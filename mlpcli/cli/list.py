"""The command `mlpcli list`: what a config may say, as docs/config.md has it, on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from mlpcli.cli.options import Command, json_option
from mlpcli.cli.terminal import line, print_json, table
from mlpcli.errors import UserError
from mlpcli.text import shown, suggestion

if TYPE_CHECKING:
    from mlpcli.config.base import Component

KINDS = (
    "layers", "activations", "initializers", "regularizers", "constraints", "optimizers", "schedules", "losses",
    "metrics", "trackers", "datasets", "keys",
)  # fmt: skip


class _Kind(click.Choice[str]):
    """One of KINDS; `layer` is taken, too."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        several = f"{value}s" if f"{value}s" in KINDS else "losses" if value == "loss" else value
        if several not in KINDS:
            raise click.BadParameter(f'there is no list of "{shown(str(value))}"{suggestion(str(value), KINDS)}', ctx)
        return str(several)


@click.command(cls=Command)
@click.argument("kind", type=_Kind(KINDS), required=False, metavar="[KIND]")
@click.argument("name", required=False)
@json_option()
def list(kind: str | None, name: str | None, as_json: bool) -> None:
    """List what a config may contain, with arguments.

    With NAME, the arguments of one of them and how to write it. For keys, NAME is a section, such as training.

    \b
    $ mlpcli list
    $ mlpcli list layers
    $ mlpcli list optimizers adam
    $ mlpcli list keys training
    """
    if kind is None:
        _kinds(as_json)
    elif kind == "keys":
        _keys(name, as_json)
    elif name is None:
        _names(kind, as_json)
    else:
        _one(kind, name, as_json)


def _kinds(as_json: bool) -> None:
    from mlpcli.config.reference import SECTIONS, key_of, names_of

    counts = {kind: len(SECTIONS) if kind == "keys" else len(names_of(kind)) for kind in KINDS}
    if as_json:
        print_json(counts)
        return
    table("", ["kind", "in a config", "names"], [[kind, key_of(kind), str(counts[kind])] for kind in KINDS], left=2)
    line("mlpcli list KIND        lists the names; for keys, the sections")
    line("mlpcli list KIND NAME   shows the arguments of one of them")


def _names(kind: str, as_json: bool) -> None:
    from mlpcli.config.reference import FAMILIES, arguments_of, names_of

    if kind == "datasets":
        from mlpcli.data.catalog import CATALOG

        rows = [[name, CATALOG[name].line] for name in names_of(kind)]
    elif kind in FAMILIES:
        rows = [[cls.tag, ", ".join(argument for argument, _ in arguments_of(cls))] for cls in FAMILIES[kind]]
    else:
        rows = [[name] for name in names_of(kind)]
    if as_json:
        print_json([row[0] for row in rows])
        return
    widest = max(len(row[0]) for row in rows)
    for name, *rest in rows:
        line("  ".join([name.ljust(widest) if rest else name, *rest]).rstrip())


def _one(kind: str, name: str, as_json: bool) -> None:
    from mlpcli.config.reference import FAMILIES, arguments_of, key_of, names_of

    component = next((cls for cls in FAMILIES.get(kind, ()) if cls.called(name)), None)
    if component is None and name not in names_of(kind):
        raise UserError(f'no "{shown(name)}" among the {kind}{suggestion(name, names_of(kind))}')
    arguments = arguments_of(component) if component is not None else []
    written = _written(kind, name, component)
    if as_json:
        print_json({"name": name, "arguments": dict(arguments), "config": written})
        return
    if component is not None and component.aliases:
        line(f"{component.tag}, also {', '.join(component.aliases)}")
    if arguments:
        table("", ["argument", "default"], [[*argument] for argument in arguments], left=2)
    line(f"in a config, {key_of(kind)}:")
    for text in written:
        line(f"  {text}")


def _written(kind: str, name: str, component: type[Component] | None) -> Sequence[str]:
    """Lines of YAML: the name alone, with its first argument, and with a mapping of arguments, as far as they work."""
    from mlpcli.config.reference import arguments_of, key_of

    if component is None:
        forms = [name]
    else:
        arguments = [(key, "..." if default == "required" else default) for key, default in arguments_of(component)]
        required = sum(value == "..." for _, value in arguments)
        named = ", ".join(f"{key}: {value}" for key, value in arguments[: max(required, 1)])
        short = [f"{component.tag}: {value}" for key, value in arguments[:1] if component.positional == key]
        forms = [*([] if required else [component.tag]), *short, *([f"{component.tag}: {{{named}}}"] if named else [])]
    key = key_of(kind).rpartition(".")[2]
    if kind in ("layers", "metrics", "trackers"):
        return [f"{key}: [{form}]" for form in forms]
    return [f"{key}: {form}" if form.isidentifier() else f"{key}: {{{form}}}" for form in forms]


def _keys(section: str | None, as_json: bool) -> None:
    from mlpcli.config.reference import SECTIONS, default_of

    if section is None:
        rows = [[name, ", ".join(cls.model_fields)] for name, cls in SECTIONS.items()]
        _rows(["section", "keys"], rows, as_json)
        return
    if section not in SECTIONS:
        raise UserError(f'no section "{shown(section)}"{suggestion(section, SECTIONS)}')
    fields = SECTIONS[section].model_fields.items()
    rows = [[name, default_of(field), field.description or ""] for name, field in fields]
    _rows(["key", "default", "meaning"], rows, as_json)


def _rows(columns: Sequence[str], rows: Sequence[Sequence[str]], as_json: bool) -> None:
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        table("", columns, rows, left=len(columns))
