"""The command `mlpcli report`."""

from __future__ import annotations

from pathlib import Path

import click

from mlpcli.cli.options import PATH, RUN_PATH, Command, language_option
from mlpcli.cli.terminal import say, write_result


@click.command(cls=Command)
@click.argument("run_dirs", type=RUN_PATH, nargs=-1, required=True, metavar="RUN_DIR...")
@click.option("--output", "-o", type=PATH, help="The file to write.  [default: report.html]")
@click.option("--markdown", is_flag=True, help="Markdown, without pictures; printed unless --output is given.")
@language_option()
def report(run_dirs: tuple[Path, ...], output: Path | None, markdown: bool, language: str | None) -> None:
    """Write a page about a run: scores, pictures, advice, config.

    It also says what the numbers mean, and how to repeat the run. The page is a single HTML file that needs no
    network. Several runs, or those in a folder, are compared on it, too; for a sweep, it shows the trials and the
    best. An existing file is replaced.

    \b
    $ mlpcli report runs/digits
    $ mlpcli report runs/digits runs/digits-2 -o both.html
    $ mlpcli report runs/digits --lang ko
    """
    from mlpcli.workflows.report import report as run

    result = run(list(run_dirs), output if markdown else output or Path("report.html"), markdown, language)
    write_result(result.text if result.path is None else f"{result.path.resolve()}\n")
    for note in result.notes:
        say(note)
