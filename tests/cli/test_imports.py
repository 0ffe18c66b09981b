"""The start-up budget: what no command may import, looked up in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, sys
from mlpcli.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as done:
    loaded = sorted({name.partition(".")[0] for name in sys.modules} | {"matplotlib.pyplot"} & set(sys.modules))
    print(json.dumps([done.code, loaded]), file=sys.stderr)
"""
HEAVY = {"tensorflow", "keras", "sklearn", "pandas", "scipy", "matplotlib.pyplot", "h5py"}
HELP = HEAVY | {"numpy", "matplotlib", "pydantic", "rich", "yaml"}


def _loaded(*arguments: str, cwd: Path = ROOT) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], cwd=cwd, capture_output=True, encoding="utf-8", timeout=120
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(modules)


BUDGETS = [
    (["--help"], HELP),
    (["--version"], HELP),
    (["train", "--help"], HELP),
    (["evaluate", "--help"], HELP),
    (["plot", "--help"], HELP),
    (["predict", "--help"], HELP),
    (["init", "--help"], HELP),
    (["recipes", "--help"], HELP),
    (["recipes"], HEAVY | {"numpy", "matplotlib", "pydantic", "yaml"}),
    (["recipes", "--json"], HEAVY | {"numpy", "matplotlib", "pydantic", "yaml"}),
    (["recipes", "show", "digits"], HELP),
    (["recipes", "copy", "digits", "--output", "-"], HEAVY | {"numpy", "matplotlib", "pydantic"}),
    (["validate", "configs/digits.yaml"], HEAVY | {"matplotlib"}),
    (["validate", "configs/digits.yaml", "--json"], HEAVY | {"matplotlib"}),
    (["summary", "configs/digits.yaml"], HEAVY | {"matplotlib"}),
    (["trace", "--help"], HELP),
    (["trace", "configs/digits.yaml"], (HEAVY - {"sklearn", "scipy"}) | {"matplotlib"}),  # which hold the digits
]


@pytest.mark.parametrize(
    ("arguments", "forbidden"), BUDGETS, ids=lambda value: " ".join(value if isinstance(value, list) else sorted(value))
)
def test_a_command_imports_none_of_these(arguments: list[str], forbidden: set[str]) -> None:
    assert _loaded(*arguments) & forbidden == set()


def test_plot_draws_without_tensorflow_and_without_pyplot(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("epoch,loss,val_loss\n1,2.0,2.5\n2,1.0,1.5\n", encoding="utf-8")
    assert _loaded("plot", str(tmp_path)) & (HEAVY | {"pydantic"}) == set()
    assert (tmp_path / "history.png").is_file()


@pytest.mark.tf
def test_summary_of_a_model_file_needs_no_tensorflow(finished: tuple[Path, object]) -> None:
    assert _loaded("summary", str(finished[0])) & (HEAVY - {"h5py"}) == set()


def test_the_package_itself_costs_nothing() -> None:
    code = "import sys, mlpcli; sys.exit(bool({'numpy', 'pydantic', 'click', 'tensorflow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False).returncode == 0
