"""eject: scripts for every shipped recipe that run without mlpcli, and train as `mlpcli train` does."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mlpcli.data.load_data import load_data
from mlpcli.errors import ConfigError, DataError, UserError
from mlpcli.workflows.eject import eject
from mlpcli.workflows.prepare import read_config

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
NAMES = sorted(path.relative_to(CONFIGS).with_suffix("").as_posix() for path in CONFIGS.rglob("*.y*ml"))
KERAS_SETS = {"mnist": (28, 28), "fashion_mnist": (28, 28), "cifar10": (32, 32, 3)}
FAMILIES = ["mnist/convolutional_adam", "mnist/tutorial_l2_dropout_h5", "fashion_mnist", "cifar10/dense_512"]
COMPARED = ["digits", "tables/titanic", "tables/diabetes", "tables/moons", "odd", "robust"]

TABLE = "".join(
    f"{row % 7 or ''},{row % 3},{'yes' if row % 2 else 'no'},{'rare' if row == 5 else 'abc'[row % 3]},{row * 0.5}\n"
    for row in range(60)
)
ODD = """
data: {source: odd.csv, target: price, numeric_encoding: {piecewise_linear: {bins: 4}}, test: 0.2, scaling: minmax,
  target_scaling: standardize, types: {kind: category}}
model:
  layers:
    - dense: {units: 8, kernel_initializer: {random_normal: {stddev: 0.1}}, kernel_regularizer: {l1: 0.01}}
    - prelu
    - dropout: 0.2
training:
  optimizer: {name: adam, clipnorm: 1.0}
  learning_rate_schedule: {cosine_decay: {decay_steps: auto}}
  min_epochs: 2
  metrics: [mae]
"""
ROBUST = """
data: {source: odd.csv, target: shop, exclude: [price], scaling: robust, class_weight: balanced, stratify: false}
training:
  learning_rate_schedule: reduce_on_plateau
  early_stopping: {monitor: val_auc, patience: 1}
  metrics: [accuracy, auc]
"""
RUNNER = """
import json, runpy, sys, os
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "mlpcli":
            raise ImportError(name)
sys.meta_path.insert(0, Blocked())
import matplotlib; matplotlib.use("Agg")
import keras, numpy as np
for name in ("mnist", "fashion_mnist", "cifar10"):
    def load(file=name + ".npz"):
        a = np.load(file)
        return (a["x"], a["y"]), (a["x"][:50], a["y"][:50])
    getattr(keras.datasets, name).load_data = load
found = {}
for script in sys.argv[1:]:
    names = runpy.run_path(script)
    found[script] = names["history"].history
    names["plt"].close("all")
json.dump(found, open("found.json", "w"), default=float)
"""


@pytest.fixture
def configs(tmp_path: Path, stand_in_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with configs of its own; recipes find stand-ins for their data."""
    monkeypatch.setenv("MLPCLI_DATA", str(stand_in_data))
    monkeypatch.setenv("KERAS_HOME", str(stand_in_data / "no keras"))
    (tmp_path / "odd.csv").write_text("age,kind,new,shop,price\n" + TABLE, encoding="utf-8")
    (tmp_path / "odd.yaml").write_text(ODD, encoding="utf-8")
    (tmp_path / "robust.yaml").write_text(ROBUST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def path_of(name: str) -> Path:
    return Path(f"{name}.yaml") if Path(f"{name}.yaml").is_file() else CONFIGS / f"{name}.yaml"


@pytest.mark.usefixtures("configs")
def test_every_recipe_becomes_a_script_that_compiles() -> None:
    for name in NAMES:
        text = eject(path_of(name)).text
        compile(text, name, "exec")
        assert "import mlpcli" not in text
        assert '"auto"' not in text
        assert max(len(line) for line in text.splitlines() if "open(" not in line) <= 120, name


@pytest.mark.usefixtures("configs")
def test_what_the_config_does_not_use_does_not_appear() -> None:
    text = eject(path_of("digits"), overrides=["training.early_stopping=false", "output.keep=last"]).text
    assert "callbacks" not in text
    assert "GAPS" not in text
    assert "savefig" not in eject(path_of("digits"), overrides=["output.plots=[]"]).text


def test_the_data_part_gives_the_rows_of_the_split(configs: Path) -> None:
    text = eject("odd.yaml").text
    found: dict[str, object] = {}
    data = text[text.index("SEED") : text.index("# The network learns")]
    exec("import csv\nimport numpy as np\n" + data.partition("y_train = y_train.astype")[0], found)
    config = read_config(Path("odd.yaml")).config
    splits = load_data(config.data, config.seed).splits
    assert splits.test is not None
    np.testing.assert_array_equal(found["x_test"], splits.test.arrays()[0])


@pytest.mark.usefixtures("configs")
def test_an_existing_file_stays_unless_forced() -> None:
    Path("a.py").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="already exists"):
        eject("odd.yaml", "a.py")
    assert Path("a.py").read_text(encoding="utf-8") == "mine"
    assert eject("odd.yaml", "a.py", force=True).text == Path("a.py").read_text(encoding="utf-8")
    assert 'open("odd.csv"' in Path("a.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("model.members=2", "model.members"),
        ("output.input=scaled", "output.input"),
        ("training.early_stopping={ties: last}", "training.early_stopping.ties"),
        ("data.test=odd.csv", "data.test"),
        ("data.streaming=always", "data.streaming"),
    ],
)
@pytest.mark.usefixtures("configs")
def test_what_a_short_script_cannot_do_is_refused_by_its_key(override: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key.replace(".", r"\.")):
        eject("odd.yaml", "a.py", ["training.metrics=[mae]", override])
    assert not Path("a.py").exists()


@pytest.mark.usefixtures("configs")
def test_a_table_that_the_script_would_read_in_another_way_is_refused() -> None:
    Path("odd.csv").write_text("age,kind,new,shop,price\n" + TABLE.replace(",a,", ', "a" ,'), encoding="utf-8")
    with pytest.raises(DataError, match="script"):
        eject("robust.yaml")


@pytest.mark.tf
def test_scripts_run_without_mlpcli_and_reach_the_same_history(configs: Path) -> None:
    """One process runs all scripts. TensorFlow is imported twice; a training is two short epochs."""
    from mlpcli.workflows.train import train

    random = np.random.default_rng(0)
    for name, shape in KERAS_SETS.items():
        y = np.arange(120) % 10
        x = random.integers(0, 255, (120, *shape), np.uint8)
        np.savez(f"{name}.npz", x=x, y=y[:, None] if name == "cifar10" else y)
    names = [*COMPARED, *FAMILIES, "cifar10/photo_folder"]
    for name in names:
        epochs = 2 if name in COMPARED else 1
        eject(path_of(name), f"{name.replace('/', '-')}.py", [f"training.epochs={epochs}", "data.limit=100"])
    Path("runner.py").write_text(RUNNER, encoding="utf-8")
    scripts = [f"{name.replace('/', '-')}.py" for name in names]
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "runner.py", *scripts],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(Path("found.json").read_text(encoding="utf-8"))
    assert Path("digits.keras").is_file()
    assert Path("digits.png").stat().st_size > 5000
    for name in COMPARED:
        short = ["training.epochs=2", "data.limit=100", "training.engine=keras", "output.plots=[]"]
        run = train(path_of(name), short).run
        with (run / "history.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        history = found[f"{name.replace('/', '-')}.py"]
        for column, values in history.items():
            if column != "learning_rate":
                wanted = [float(row[column]) for row in rows]
                np.testing.assert_allclose(values, wanted, rtol=2e-5, atol=1e-6, err_msg=f"{name}: {column}")


def test_the_page_shows_the_script_of_the_digits() -> None:
    page = (CONFIGS.parent / "docs" / "eject.md").read_text(encoding="utf-8")
    assert page.partition("```python\n")[2].removesuffix("```\n") == eject(CONFIGS / "digits.yaml").text
