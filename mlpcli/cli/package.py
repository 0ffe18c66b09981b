"""The command `mlpcli package`."""

from __future__ import annotations

from pathlib import Path

import click

from mlpcli.cli.options import PATH, RUN_PATH, Command, json_option
from mlpcli.cli.terminal import line, print_json


@click.command(cls=Command)
@click.argument("model_or_run", type=RUN_PATH)
@click.option("--to", type=PATH, required=True, metavar="DIR", help="The folder to write, new or empty.")
@click.option("--force", is_flag=True, help="Replace the folder of an earlier package.")
@json_option()
def package(model_or_run: Path, to: Path, force: bool, as_json: bool) -> None:
    """Write a folder that serves a model, with Docker or without.

    It holds the model, mlpcli itself, a Dockerfile that runs mlpcli serve, requirements.txt with the exact version of
    every package, and a README. TensorFlow is among the packages only where the model needs it.

    \b
    $ mlpcli package runs/people --to people-server
    """
    from mlpcli.workflows.package import package as run

    result = run(model_or_run, to, force)
    if as_json:
        print_json(
            {"name": result.name, "folder": str(to), "files": result.files, "packages": result.packages,
             "tensorflow": result.tensorflow}
        )  # fmt: skip
        return
    line(f"wrote     {to}: {', '.join(result.files)}")
    line(f"installs  {result.packages} packages, {'with' if result.tensorflow else 'without'} TensorFlow")
    line(f"next      docker build -t {result.image} {to} && docker run --rm -p 8000:8000 {result.image}")
