"""The start-up budget: what no command may import, looked up in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, sys
from mlpcli.cli.main import main
for command in json.loads(sys.argv[1]):
    try:
        main(command)
    except SystemExit as done:
        apart = ("matplotlib.pyplot", "numpy.random", "PIL.TiffImagePlugin")
        parts = [name for name in sys.modules if name in apart or name.startswith("mlpcli.")]
        loaded = sorted({name.partition(".")[0] for name in sys.modules} | set(parts))
        print("LOADED " + json.dumps([done.code, loaded]), file=sys.stderr)
"""
HEAVY = {"tensorflow", "keras", "sklearn", "pandas", "scipy", "matplotlib.pyplot", "h5py"}
HELP = HEAVY | {"numpy", "matplotlib", "pydantic", "rich", "yaml"}
SNEAKED_IN = {"asyncio", "ssl", "pyarrow", "importlib_metadata", "matplotlib"}


def _loaded(*commands: list[str]) -> list[set[str]]:
    """What is imported after each of the commands, which end with exit code 0."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(commands)],
        cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    answers = [json.loads(line[7:]) for line in done.stderr.splitlines() if line.startswith("LOADED ")]
    assert [code for code, _ in answers] == [0] * len(commands), done.stderr
    return [set(modules) for _, modules in answers]


RUNS = "the folder of the test"
NUMPY = ["-s", "training.engine=numpy", "-s", "training.epochs=1", "-s", "output.plots=[]"]
BUDGETS = [
    (
        HELP,
        [
            *(["--help"], ["--version"], ["train", "--help"], ["evaluate", "--help"], ["plot", "--help"]),
            *(["predict", "--help"], ["init", "--help"], ["recipes", "--help"], ["trace", "--help"]),
            ["combine", "--help"],
            ["sweep", "--help"],
            ["importance", "--help"],
            ["serve", "--help"],
            ["export", "--help"],
            ["package", "--help"],
            ["recipes", "show", "digits"],
        ],
    ),
    (HEAVY | {"numpy", "matplotlib", "pydantic", "yaml"}, [["recipes"], ["recipes", "--json"]]),
    (HEAVY | {"numpy", "matplotlib", "pydantic"}, [["runs", "tests"], ["recipes", "copy", "digits", "--output", "-"]]),
    (
        HEAVY | {"matplotlib"},
        [
            ["validate", "configs/digits.yaml"],
            ["validate", "configs/digits.yaml", "--json"],
            ["summary", "configs/digits.yaml"],
            ["trace", "configs/digits.yaml"],
            ["gradcheck", "configs/digits.yaml", "--engine", "numpy", "--rows", "2"],
        ],
    ),
    # Although scikit-learn brings the digits.
    (HEAVY - {"h5py"}, [["train", "configs/digits.yaml", "-q", "--runs-dir", RUNS, *NUMPY]]),
]
"""From the strictest: what a command imports stays imported, and may be imported by all that follow."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What is imported after each of these commands, which run in one process."""
    runs = str(tmp_path_factory.mktemp("runs"))
    commands = [command for _, commands in BUDGETS for command in commands]
    found = _loaded(*([runs if part == RUNS else part for part in command] for command in commands))
    return dict(zip(map(" ".join, commands), found, strict=True))


@pytest.mark.parametrize(
    ("forbidden", "commands"), BUDGETS, ids=lambda value: " ".join(value[0]) if isinstance(value, list) else ""
)
def test_commands_import_none_of_these(
    loaded: dict[str, set[str]], forbidden: set[str], commands: list[list[str]]
) -> None:
    for command in commands:
        assert loaded[" ".join(command)] & forbidden == set(), command


def test_each_budget_is_within_the_one_before() -> None:
    for (strict, _), (loose, _) in pairwise(BUDGETS):
        assert loose < strict


def test_plot_draws_without_tensorflow_and_without_pyplot(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("epoch,loss,val_loss\n1,2.0,2.5\n2,1.0,1.5\n", encoding="utf-8")
    (loaded,) = _loaded(["plot", str(tmp_path)])
    assert loaded & (HEAVY | {"pydantic"}) == set()
    assert (tmp_path / "history.png").is_file()


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the NumPy engine on the digits, with a picture beside its model."""
    from PIL import Image

    from mlpcli.workflows.train import train

    run = tmp_path_factory.mktemp("small") / "run"
    train("configs/digits.yaml", ["training.engine=numpy", "training.epochs=1", "output.plots=[]"], run_dir=run)
    Image.new("L", (8, 8), 200).save(run / "photo.png")
    return run


NOT_FOR_A_MODEL = {"yaml", "mlpcli.config.sections", "mlpcli.config.yaml_reader", "mlpcli.model.plan"}
NOT_FOR_A_PHOTO = {
    *("numpy.random", "PIL.TiffImagePlugin", "mlpcli.tables.preprocessing", "mlpcli.tables.column_encoders"),
    *("mlpcli.numpy_engine.numpy_objective", "mlpcli.numpy_engine.optimizers", "mlpcli.data.images.sorting_hints"),
}


def test_a_finished_model_needs_nothing_heavy(small_run: Path) -> None:
    """Each in a process of its own, since they have different budgets."""
    (summary,) = _loaded(["summary", str(small_run)])
    assert summary & (HEAVY | SNEAKED_IN | NOT_FOR_A_MODEL | {"numpy", "PIL", "mlpcli.tables.preprocessing"}) == set()
    (photo,) = _loaded(["predict", str(small_run), str(small_run / "photo.png")])
    assert photo & (HEAVY - {"h5py"} | SNEAKED_IN | NOT_FOR_A_MODEL | NOT_FOR_A_PHOTO) == set()


def test_the_package_itself_costs_nothing() -> None:
    code = "import sys, mlpcli; sys.exit(bool({'numpy', 'pydantic', 'click', 'tensorflow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=300, check=False).returncode == 0
