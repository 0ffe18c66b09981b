"""`mlpcli recipes`, with `show` and `copy` below it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mlpcli.cli.options import PATH, json_option
from mlpcli.errors import UserError, did_you_mean


class RecipesGroup(click.Group):
    """A recipe's name where `show` or `copy` belongs is answered with the command that was meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(f"{error.message.rstrip('.')}{self._meant(args)}", ctx) from None

    def _meant(self, args: list[str]) -> str:
        from mlpcli.recipes.shipped import find_recipe

        near = did_you_mean(args[0], self.commands)
        if near:
            return near
        try:
            return f"; did you mean mlpcli recipes show {find_recipe(args[0]).name}?"
        except UserError as error:
            return f"; there are show and copy, and {error}"


@click.group(cls=RecipesGroup, invoke_without_command=True)
@json_option()
@click.pass_context
def recipes(context: click.Context, as_json: bool) -> None:
    """List the configs that come with mlpcli, with their scores.

    Each is an exercise, with what came out of it measured; where its data has to be fetched first, copy says so. Alone,
    the command lists them.

    \b
    $ mlpcli recipes
    $ mlpcli recipes show digits
    $ mlpcli recipes copy digits
    """
    if context.invoked_subcommand is None:
        from mlpcli.cli.recipes_report import report_list
        from mlpcli.workflows.recipes import list_recipes

        report_list(list_recipes(), as_json)
    elif as_json:
        raise click.UsageError("--json is for the list, which mlpcli recipes alone prints", context)


@recipes.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the recipe NAME.

    The last part of its name is enough where no other recipe has it.

    \b
    $ mlpcli recipes show digits
    """
    from mlpcli.cli.streams import write_result
    from mlpcli.workflows.recipes import show_recipe

    write_result(show_recipe(name))


@recipes.command()
@click.argument("name")
@click.option("--output", type=PATH, help="The config to write; - for standard output.  [default: NAME.yaml, here]")
def copy(name: str, output: Path | None) -> None:
    """Write the recipe NAME as a config of your own.

    Nothing is overwritten. The last part of its name is enough where no other recipe has it.

    \b
    $ mlpcli recipes copy digits
    $ mlpcli recipes copy digits --output my.yaml
    """
    from mlpcli.cli.recipes_report import report_copy, report_text
    from mlpcli.recipes.shipped import find_recipe
    from mlpcli.workflows.new_file import STANDARD_OUTPUT
    from mlpcli.workflows.recipes import copy_recipe

    recipe = find_recipe(name)
    if output == STANDARD_OUTPUT:
        report_text(recipe)
    else:
        report_copy(recipe, copy_recipe(recipe.name, output))
