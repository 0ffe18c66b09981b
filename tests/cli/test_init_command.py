"""`mlpcli init` as it is typed: what is listed, written, said and refused, and how light it is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlpcli.config.data_words import BUILT_IN_NAMES

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
IMPORTS = """
import json, sys
from mlpcli.__main__ import main
for command in json.loads(sys.argv[1]):
    sys.argv[1:] = ["init", *command]
    try:
        main()
    except SystemExit as done:
        print(json.dumps([done.code, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""
TABLE = "색,무게,품종\n" + "".join(
    f"{'빨강' if row % 3 else '파랑'},{row % 7 + row / 10},{'가나'[row % 2]}\n" for row in range(60)
)


def test_alone_it_lists_what_needs_no_file(mlpcli_here: Run, tmp_path: Path) -> None:
    done = mlpcli_here("init")
    assert (done.returncode, done.stderr) == (0, "")
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith(" ") and "  " in line.strip()]
    assert listed == ["name", *BUILT_IN_NAMES]
    assert "mlpcli init --generate NAME" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_list_says_what_is_in_mlpcli_data(
    mlpcli_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mnist.npz").touch()
    monkeypatch.setenv("MLPCLI_DATA", str(tmp_path))
    places = {line.split()[0]: line for line in mlpcli_here("init").stdout.splitlines() if line}
    assert places["mnist"].endswith("MLPCLI_DATA")
    assert places["cifar10"].endswith("downloaded by Keras")
    monkeypatch.setenv("MLPCLI_DATA", str(tmp_path / "missing"))
    assert "downloaded by Keras" in mlpcli_here("init").stdout


def test_a_table_with_a_hangul_name(mlpcli_here: Run, tmp_path: Path) -> None:
    (tmp_path / "과일 자료.csv").write_text(TABLE, encoding="utf-8")
    done = mlpcli_here("init", "과일 자료.csv")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "note: guessed the target: 품종 (change it with --target COLUMN)\n"
    assert done.stdout.splitlines() == [
        "found     과일 자료.csv: 60 rows, 3 columns",
        "wrote     과일-자료.yaml",
        "next      mlpcli train '과일-자료.yaml'",
    ]
    assert mlpcli_here("validate", "과일-자료.yaml").returncode == 0


def test_the_next_command_can_be_copied(mlpcli_here: Run, tmp_path: Path) -> None:
    done = mlpcli_here("init", "iris", "--output", "my first.yaml")
    assert done.stdout.splitlines()[-1] == "next      mlpcli train 'my first.yaml'"


def test_standard_output_is_the_config_alone(mlpcli_here: Run, tmp_path: Path) -> None:
    done = mlpcli_here("init", "--generate", "animals", "--output", "-")
    assert done.returncode == 0
    assert yaml.safe_load(done.stdout)["data"]["source"] == "animals.csv"
    assert done.stderr == "data      animals.csv\n"
    assert [path.name for path in tmp_path.iterdir()] == ["animals.csv"]


def test_nothing_is_overwritten(mlpcli_here: Run, tmp_path: Path) -> None:
    assert mlpcli_here("init", "iris").returncode == 0
    before = (tmp_path / "iris.yaml").read_bytes()
    done = mlpcli_here("init", "iris")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: iris.yaml: already exists and is not overwritten; ")
    assert (tmp_path / "iris.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.csv"], "nothing.csv"),
        (["--target", "x"], "give either data or --generate NAME"),
        (["iris", "--target", "x"], "--target: is for tables, and iris brings its own target"),
        (["--generate", "animal"], 'did you mean "animals"'),
        (["iris", "--output", "no/such.yaml"], "no: the folder does not exist"),
    ],
)
def test_mistakes_are_answered_in_one_line(mlpcli_here: Run, arguments: list[str], words: str, tmp_path: Path) -> None:
    done = mlpcli_here("init", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    """One process: what any of the commands imports stays imported, and only the last one reads a table."""
    (tmp_path / "t.csv").write_text(TABLE, encoding="utf-8")
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, json.dumps([[], ["animals", "--output", "-"], ["t.csv"]])],
        cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    found = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("[")]
    assert [code for code, _ in found] == [0, 0, 0], done.stderr
    assert ["pyarrow" in modules for _, modules in found] == [False, False, True]
    heavy = {"tensorflow", "keras", "sklearn", "pandas", "scipy", "matplotlib", "h5py"}
    assert heavy & set(found[-1][1]) == set()
