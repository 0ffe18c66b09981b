"""`mlpcli init`: a first config for data, and on request the data itself as a CSV. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.errors import UserError, did_you_mean
from mlpcli.workflows.new_file import STANDARD_OUTPUT, check_folder, check_free, new_file

if TYPE_CHECKING:
    from mlpcli.data.catalog import BuiltIn


@dataclass(frozen=True)
class InitResult:
    """What was written.

    text: of the config. config: its file, None where it is for standard output alone. data: the CSV of a generated
    set, where one was asked for. found: the data in one line. notes: what people should know of it.
    """

    text: str
    config: Path | None
    data: Path | None
    found: str
    notes: tuple[str, ...]


def starting_points() -> list[BuiltIn]:
    """The data sets that need no path, for those who have no data yet."""
    from mlpcli.data.catalog import CATALOG

    return list(CATALOG.values())


def init(
    data: str | Path | None = None,
    target: str | None = None,
    output: Path | None = None,
    generate: str | None = None,
) -> InitResult:
    """Write a commented config that trains on the data as it is.

    Args:
        data: a built-in name or a path, as data.source takes them.
        target: tables: the column to predict; guessed where it is None.
        output: the config's file; by default the data's name with .yaml, in the current folder; `-` writes no file.
        generate: instead of data, a generated set, which is also written as a CSV beside the config.

    Raises:
        UserError: neither or both of data and generate, a name that is not there, a file that would be overwritten.
        DataError: the data cannot be read.
        OutputError: a file cannot be written.
    """
    from mlpcli.workflows.starter_names import config_name

    if (data is None) == (generate is None):
        raise UserError("give either data or --generate NAME; mlpcli init alone lists what there is")
    name = config_name(str(data if generate is None else _generated(generate)))
    config = output or Path(f"{name}.yaml")
    to_file = config != STANDARD_OUTPUT
    folder = config.parent if to_file else Path()
    check_folder(folder)
    if to_file:
        check_free(config)
    if generate is None:
        return _write_config(str(data), target, config if to_file else None, folder, None)
    table = folder / f"{generate}.csv"
    check_free(table)
    with new_file(table, _generated_csv(generate)):
        from mlpcli.data.generators.loading import RECIPES

        return _write_config(str(table), target or RECIPES[generate].target, config if to_file else None, folder, table)


def _write_config(data: str, target: str | None, config: Path | None, folder: Path, table: Path | None) -> InitResult:
    """The text is loaded as a config before any file is made of it."""
    from mlpcli.config.load import check_document
    from mlpcli.config.yaml_reader import parse_yaml
    from mlpcli.workflows.starter_config import starter_text
    from mlpcli.workflows.starter_data import look_at_data
    from mlpcli.workflows.starter_names import config_name

    name = config_name(data if config is None else config.stem)
    file = str(config or f"{name}.yaml")
    starter = look_at_data(data, target, folder)
    text = starter_text(starter, name, file)
    check_document(parse_yaml(text, file), folder, name)
    if config is not None:
        with new_file(config, text):
            pass
    return InitResult(text, config, table, starter.found, starter.notes)


def _generated(name: str) -> str:
    from mlpcli.data.generators.loading import RECIPES

    if name not in RECIPES:
        names = ", ".join(RECIPES)
        raise UserError(
            f'--generate: no generated set is called "{name}"{did_you_mean(name, RECIPES)}; there are {names}'
        )
    return name


def _generated_csv(name: str) -> str:
    from mlpcli.config.data import GenerateConfig
    from mlpcli.data.generators.csv_text import csv_text

    return csv_text(name, GenerateConfig())
