"""`mlpcli summary`."""

from __future__ import annotations

from pathlib import Path

import click

from mlpcli.cli.options import PATH, json_option, set_option


@click.command()
@click.argument("config_or_model", type=PATH)
@set_option()
@json_option()
def summary(config_or_model: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Print the layers of a config, a model file or a run.

    Each with its name, type, output shape and parameters, as Keras's own summary has them.

    \b
    $ mlpcli summary configs/digits.yaml
    $ mlpcli summary runs/digits/model.keras
    """
    from mlpcli.cli.layer_report import report
    from mlpcli.workflows.summary import summary as run

    report(run(config_or_model, overrides), as_json)
