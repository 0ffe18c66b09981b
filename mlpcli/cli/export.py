"""The command `mlpcli export`."""

from __future__ import annotations

from pathlib import Path

import click

from mlpcli.cli.options import PATH, RUN_PATH, Command, json_option
from mlpcli.cli.terminal import line, print_json

FORMAT_NAMES = ("onnx", "litert", "savedmodel", "numpy", "keras")
"""Those of `mlpcli.exporters.formats`, which would take time to import."""


@click.command(cls=Command)
@click.argument("model_or_run", type=RUN_PATH)
@click.option("--to", type=click.Choice(FORMAT_NAMES), required=True, help="The format.")
@click.option(
    "--output", "-o", type=PATH,
    help="The file to write; a folder for savedmodel.  [default: the model's name, in the current folder]",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace an existing file.")
@json_option()
def export(model_or_run: Path, to: str, output: Path | None, force: bool, as_json: bool) -> None:
    """Write a trained model in another format.

    onnx and numpy (one Python file that needs NumPy alone) include a table's preprocessing and take its columns;
    litert and savedmodel take encoded rows; keras turns a .keras file into .h5, or the other way round.

    Before saving, the format's own runtime runs the file on 1,000 rows: its outputs may differ from the model's by
    1e-5 at most.

    \b
    $ mlpcli export runs/digits --to onnx
    $ mlpcli export runs/people --to numpy --output people.py
    """
    from mlpcli.workflows.export import export as run

    result = run(model_or_run, to, output, force)
    if as_json:
        files = [str(path) for path in result.files]
        check = {"rows": result.rows, "runtime": result.runtime, "difference": result.difference}
        print_json({"name": result.name, "format": to, "files": files, "takes": result.takes, "check": check})
        return
    line(f"takes     {result.takes}")
    line(f"checked   {result.checked}")
    line(f"saved     {' and '.join(map(str, result.files))}")
