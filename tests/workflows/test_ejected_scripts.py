"""The scripts of all recipes run with Keras alone, and train as `mlpcli train` with `training.engine: keras` does.

No recipe is refused by eject, and no script takes its rows in another order than mlpcli.
"""

from __future__ import annotations

import gzip
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from mlpcli.modelfile.saved_model import open_model
from mlpcli.recipes import shipped_recipes
from mlpcli.workflows.eject import eject
from tests.eject_parts import CONFIGS, write_configs

PROGRAM = Path(__file__).resolve().parents[1] / "stock_keras.py"
RECIPES = {recipe.name: recipe.path for recipe in shipped_recipes()}
TWO_STEPS = ("training.epochs=1", "training.batch_size=32", "data.limit=64")
"""The second step shows what the optimizer kept of the first, and a last batch that is not full."""
TWO_EPOCHS = ("training.epochs=2", "data.limit=100")
"""For an order of its own in each epoch, and the rules between epochs."""
FOR_LONGER = ("digits", "tables/titanic", *CONFIGS)


def overrides(name: str) -> list[str]:
    """Pictures are drawn where there are two epochs to draw."""
    return [*TWO_EPOCHS] if name in FOR_LONGER else [*TWO_STEPS, "output.plots=[]"]


def script_of(name: str) -> str:
    return f"{name.replace('/', '-')}.py"


@pytest.fixture(scope="module")
def scripts(stand_in_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Each config by its name; its script lies in the current folder, and the data where mlpcli and Keras find it."""
    folder = tmp_path_factory.mktemp("scripts")
    write_as_keras_does(folder / "keras" / "datasets", stand_in_data)
    for name in ("tabular", "cifar10-jpg"):
        shutil.copytree(stand_in_data / name, folder / "data" / name)
    configs = RECIPES | write_configs(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(folder / "keras"))
        patch.setenv("MLPCLI_CACHE", str(folder / "cache"))
        patch.setenv("MLPCLI_DATA", str(folder / "data"))
        patch.chdir(folder)
        for name, path in configs.items():
            eject(path, script_of(name), overrides(name))
        yield configs
    shutil.rmtree(folder)  # Keras takes CIFAR-10 in its full size alone


def write_as_keras_does(cache: Path, stand_in_data: Path) -> None:
    """The three sets of `keras.datasets`, as its downloads leave them in its cache."""
    shutil.copytree(stand_in_data / "fashion-mnist", cache / "fashion-mnist")
    arrays = {}
    for half, file in (("train", "train"), ("test", "t10k")):
        for axis, kind, header in (("x", "images-idx3", 16), ("y", "labels-idx1", 8)):
            content = gzip.decompress((stand_in_data / "mnist" / f"{file}-{kind}-ubyte.gz").read_bytes())
            arrays[f"{axis}_{half}"] = np.frombuffer(content, np.uint8, offset=header)
        arrays[f"x_{half}"] = arrays[f"x_{half}"].reshape(-1, 28, 28)
    np.savez(cache / "mnist.npz", **arrays)
    batches = cache / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    batches.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 255, (10, 3072), np.uint8)
    for name, times in (("data_batch_1", 1000), ("test_batch", 2)):
        batch = {b"data": np.tile(images, (times, 1)), b"labels": list(range(10)) * times}
        (batches / name).write_bytes(pickle.dumps(batch, protocol=3))
    for number in range(2, 6):
        os.link(batches / "data_batch_1", batches / f"data_batch_{number}")


def test_the_scripts_compile_and_fit_the_screen(scripts: Mapping[str, Path]) -> None:
    for name in scripts:
        text = Path(script_of(name)).read_text(encoding="utf-8")
        compile(text, name, "exec")
        assert "mlpcli" not in text.replace("`mlpcli eject`", "")
        assert '"auto"' not in text
        assert max(len(line) for line in text.splitlines() if "open(" not in line) <= 120, name


@pytest.mark.tf
@pytest.mark.long
def test_the_scripts_run_without_mlpcli_and_reach_the_same_history(scripts: Mapping[str, Path]) -> None:
    names = sorted(scripts, key=lambda name: name != "digits")  # the first one runs as it does for a reader, in graphs
    quiet = ("-W", "error::UserWarning")
    done = subprocess.run(
        [sys.executable, *quiet, str(PROGRAM)],
        input=json.dumps([(script_of(name), str(scripts[name]), overrides(name)) for name in names]),
        env={**os.environ, "MLPCLI_DATA": str(Path("data").absolute()), "PYTHONPATH": str(PROGRAM.parents[1])},
        capture_output=True, text=True, timeout=3600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert Path("digits.keras").is_file()
    assert Path("digits.png").stat().st_size > 5000
    assert open_model("members.keras").members == 3, "the Sequential is saved, not the class that trains it"
    stock, own = (json.loads(Path(file).read_text(encoding="utf-8")) for file in ("stock.json", "mlpcli.json"))
    assert list(stock) == [script_of(name) for name in names]
    for script, history in stock.items():
        for column in history.keys() - {"learning_rate"}:
            np.testing.assert_allclose(
                history[column], own[script][column], rtol=2e-5, atol=1e-6, err_msg=f"{script}: {column}"
            )
