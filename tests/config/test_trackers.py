"""`output.trackers`: the forms it takes, and what is refused before anything is trained."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from mlpcli.config.load_config import load_config
from mlpcli.config.trackers import Mlflow, Tensorboard, Wandb
from mlpcli.errors import ConfigError, MlpcliError
from mlpcli.workflows.validate import validate


def _loaded(folder: Path, output: str) -> Any:
    config = folder / "my.yaml"
    config.write_text(f"data: {{source: iris}}\noutput: {output}\n", encoding="utf-8")
    return load_config(config).config


@pytest.mark.parametrize(
    ("written", "trackers"),
    [
        ("[]", []),
        ("wandb", [Wandb()]),
        ("[mlflow, tensorboard]", [Mlflow(), Tensorboard()]),
        ("[mlflow: flowers]", [Mlflow(experiment="flowers")]),
        ("{wandb: {project: flowers, run: first}}", [Wandb(project="flowers", run="first")]),
        ("[{name: mlflow, run: first}]", [Mlflow(run="first")]),
    ],
)
def test_a_name_can_be_given_in_each_form_of_a_component(tmp_path: Path, written: str, trackers: list[Any]) -> None:
    assert _loaded(tmp_path, f"{{trackers: {written}}}").output.trackers == trackers


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("{trackers: [mlfow]}", r'output\.trackers\[0\]: unknown name "mlfow"; did you mean "mlflow"'),
        ("{trackers: [wandb, wandb: x]}", r'output\.trackers\[1\]: "wandb" is in the list twice; delete one of them'),
        ("{trackers: [wandb: {projekt: x}]}", r'trackers\[0\]\.wandb\.projekt: unknown key; did you mean "project"'),
        (
            "{trackers: [tensorboard], tensorboard: true}",
            r"output\.tensorboard: would write the same numbers as the tracker tensorboard; delete one of them",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, output: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _loaded(tmp_path, output)


def test_a_missing_package_is_told_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "my.yaml"
    config.write_text("data: {source: iris}\noutput:\n  trackers: [tensorboard, mlflow]\n", encoding="utf-8")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "alembic" else name)
    with pytest.raises(MlpcliError) as refused:
        validate(config)
    assert str(refused.value) == (
        f"{config}:3:27: output.trackers[1]: mlflow needs a package that is not installed (alembic): pip install"
        " 'mlpcli[mlflow]'"
    )
