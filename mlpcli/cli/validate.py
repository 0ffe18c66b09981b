"""`mlpcli validate`."""

from __future__ import annotations

from pathlib import Path

import click

from mlpcli.cli.options import PATH, json_option, set_option


@click.command()
@click.argument("config", type=PATH)
@set_option()
@json_option()
def validate(config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Check CONFIG and print what it would build.

    Every mistake is reported at once, with line and column. Nothing is trained or written.

    \b
    $ mlpcli validate configs/digits.yaml
    """
    from mlpcli.cli.loading_bar import LoadingBar
    from mlpcli.cli.plan_report import report
    from mlpcli.workflows.validate import validate as run

    report(run(config, overrides, LoadingBar()), as_json)
