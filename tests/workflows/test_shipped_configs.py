"""Every config in configs/ is a test case: its card, its plan, and a short epoch on stand-ins for its data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlpcli.recipes import parse_card
from mlpcli.runs.read_run import FAST_LOADER
from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.train import train
from mlpcli.workflows.validate import validate

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
NAMES = sorted(path.relative_to(CONFIGS).with_suffix("").as_posix() for path in CONFIGS.rglob("*.y*ml"))

RECIPES = {
    "": "digits fashion_mnist mnist",
    "cifar10": "dense_512 photo_folder photo_folder_tuned",
    "fashion_mnist": "softmax_regression sigmoid relu adam sgd momentum nesterov adagrad rmsprop",
    "mnist": "sigmoid_sgd relu_he_normal relu_glorot_uniform random_normal random_normal_wide random_normal_narrow"
    " zeros batchnorm_blocks batchnorm_before_activation early_stopping l2_batchnorm_dropout_h5"
    " sigmoid_100_50_dropout sigmoid_100_50_more_dropout tutorial_batchnorm tutorial_early_stopping"
    " tutorial_l2_dropout_h5 tutorial_dropout tutorial_more_dropout wide_256_keep_80 wide_256_keep_100 best_mlp"
    " convolutional_adam convolutional_rmsprop convolutional_adagrad convolutional_sgd",
    "tables": "height_weight animals iris wine breast_cancer diabetes penguins titanic moons spirals blobs",
}
"""Each folder of configs, and all that it holds."""

FACTS = ["data", "network", "training", "score", "time", "command"]
"""What a card says, in this order."""

BY_KERAS_TOO = [
    "cifar10/photo_folder",
    "mnist/convolutional_adam",
    "mnist/l2_batchnorm_dropout_h5",
    "tables/titanic",
]
ON_REAL_DATA = ["mnist/relu_he_normal", "fashion_mnist/adam", "tables/titanic", "tables/penguins"]
SHORT = ("training.epochs=1", "output.plots=[]", "data.limit=200")
IN_NUMPY = (*SHORT, "training.engine=numpy")

every_config = pytest.mark.parametrize("name", NAMES)


def text_of(name: str) -> str:
    return (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8")


def train_and_open(name: str, folder: Path, overrides: tuple[str, ...], engine: Any) -> None:
    """One short epoch; the saved model then finds the same rows again by itself, and scores as it did."""
    with pytest.MonkeyPatch.context() as found:
        result = train(CONFIGS / f"{name}.yaml", overrides, folder)
        assert result.failure is None
        assert result.metrics["epochs"] == 1
        assert result.evaluation is not None
        found.delenv("MLPCLI_DATA")
        again = evaluate(result.run, engine=engine)
    assert again.notes == []
    assert again.evaluation["split"] == result.evaluation["split"]
    assert again.evaluation["loss"] == pytest.approx(result.evaluation["loss"], rel=1e-4)


@pytest.fixture
def stand_ins(stand_in_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data folder holds stand-ins, and Keras's own cache nothing."""
    monkeypatch.setenv("MLPCLI_DATA", str(stand_in_data))
    monkeypatch.setenv("KERAS_HOME", str(stand_in_data / "no keras"))


def test_the_list_is_complete() -> None:
    expected = {f"{folder}/{name}".lstrip("/") for folder, names in RECIPES.items() for name in names.split()}
    assert set(NAMES) == expected
    assert len(NAMES) == 51
    assert all((CONFIGS / f"{name}.yaml").is_file() for name in NAMES), "a config ends in .yaml"


def test_no_two_runs_are_called_the_same() -> None:
    called = [yaml.load(text_of(name), FAST_LOADER).get("name", name) for name in NAMES]
    assert [name for name in called if called.count(name) > 1] == []


@every_config
def test_its_card_says_what_it_shows(name: str) -> None:
    card = parse_card(text_of(name))
    assert card.title
    assert card.shows


@every_config
def test_its_card_says_what_was_measured(name: str) -> None:
    facts = parse_card(text_of(name)).facts
    assert list(facts) == FACTS
    assert facts["command"] == f"mlpcli train {name}"


@every_config
def test_it_names_no_place_of_one_machine(name: str) -> None:
    for value in strings_in(yaml.load(text_of(name), FAST_LOADER)):
        assert not Path(value).anchor
        assert not value.startswith("~")
        assert ".." not in Path(value).parts


@every_config
@pytest.mark.usefixtures("stand_ins")
def test_its_plan_can_be_made(name: str) -> None:
    assert validate(CONFIGS / f"{name}.yaml").plan.trainable > 0


@every_config
@pytest.mark.usefixtures("stand_ins")
def test_it_trains_in_numpy(name: str, tmp_path: Path) -> None:
    rows = 100 if name.startswith("tables/") else 50  # the first 50 of iris are of one class
    train_and_open(name, tmp_path, (*IN_NUMPY, f"data.limit={rows}"), "numpy")


@pytest.mark.tf
@pytest.mark.parametrize("name", BY_KERAS_TOO)
@pytest.mark.usefixtures("stand_ins")
def test_it_trains_with_keras(name: str, tmp_path: Path) -> None:
    train_and_open(name, tmp_path, SHORT, "auto")


@pytest.mark.parametrize("name", ON_REAL_DATA)
def test_it_trains_on_the_real_data(
    name: str, tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLPCLI_DATA", str(shared_data))
    train_and_open(name, tmp_path, IN_NUMPY, "numpy")


def strings_in(value: Any) -> Iterator[str]:
    """Every string of a config."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from [inner] if isinstance(inner, str) else strings_in(inner)
