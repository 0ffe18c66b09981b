"""`mlpcli summary --weights`: the weights, and the formula that they are in the units of the data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlpcli.cli.main import cli
from mlpcli.cli.summary import formula
from mlpcli.errors import UserError
from mlpcli.workflows.init import init
from mlpcli.workflows.summary import summary
from mlpcli.workflows.train import train

DESCENT = ["training.engine=numpy", "output.plots=[]", "training.optimizer={sgd: {learning_rate: 0.1}}"]


def _print(*arguments: str | Path) -> str:
    shown = CliRunner().invoke(cli, ["summary", *map(str, arguments)], standalone_mode=False)
    assert shown.exception is None, shown.exception
    return shown.output


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The config that `init` writes for four points on weight = 2 height + 1."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "line.csv").write_text("height,weight\n1,3\n2,5\n3,7\n4,9\n", encoding="utf-8")
    config = init("line.csv").config
    assert config is not None
    return config


def test_four_points_give_the_line_through_them(line: Path, tmp_path: Path) -> None:
    run = train(line, ["training.engine=numpy"], run_dir=tmp_path / "run").run
    assert (run / "fitted_curve.png").is_file()
    evaluation = json.loads((run / "evaluation.json").read_text(encoding="utf-8"))
    assert (evaluation["sample"]["input"], evaluation["input_name"]) == ([1, 2, 3, 4], "height")
    assert evaluation["curve"]["predicted"][100] == pytest.approx(6, abs=1e-4), "at a height of 2.5"
    shown = _print(run, "--weights")
    assert "the network in the units of the data\nweight = 2 x height + 1\n" in shown
    assert " dense/kernel   1x1 " in shown and " dense/bias " in shown
    found = json.loads(_print(run, "--weights", "--json"))["weights"]
    assert list(found["arrays"]) == ["dense/kernel", "dense/bias"]
    (formula,) = found["formulas"]
    assert (formula["output"], formula["stands_for"]) == ("weight", "target")
    assert formula["coefficients"]["height"] == pytest.approx(2, abs=1e-5)
    assert formula["constant"] == pytest.approx(1, abs=1e-5)
    assert "weights\n" not in _print(run)
    assert "weights" not in json.loads(_print(run, "--json"))


def test_classes_have_log_odds_and_hidden_units_are_numbered(tmp_path: Path) -> None:
    rows = "".join(f"{x},{x % 3},{'yes' if x > 10 else 'no'}\n" for x in range(20))
    (tmp_path / "odds.csv").write_text(f"a,b,answer\n{rows}", encoding="utf-8")
    config = tmp_path / "odds.yaml"
    config.write_text("data: {source: odds.csv, target: answer}\ntraining: {epochs: 1}\n", encoding="utf-8")
    linear = train(config, [*DESCENT, "model.hidden_units=[]"], run_dir=tmp_path / "linear").run
    shown = _print(linear, "--weights")
    assert 'the network, before sigmoid, in the units of the data\nlog-odds of "yes" = ' in shown
    assert " x a\n" in shown and " x b\n" in shown
    hidden = train(config, [*DESCENT, "model.hidden_units=[2]"], run_dir=tmp_path / "hidden").run
    shown = _print(hidden, "--weights")
    assert "dense, before its activation, in the units of the data\ndense[0] = " in shown
    assert "\ndense[1] = " in shown


def test_a_formula_is_one_line_for_one_input_and_a_column_for_more() -> None:
    assert formula("y", [2.0], ["x"], -1.5) == ["y = 2 x x - 1.5"]
    assert formula("price", [-0.5, 1e6], ["age", "rooms"], 0.0) == [
        "price = -0.5 x age",
        "      + 1e+06 x rooms",
        "      + 0",
    ]


def test_a_config_has_none(line: Path) -> None:
    with pytest.raises(UserError, match=r"--weights: line.yaml is a config, which has none; give a run or a model"):
        summary(line.name, weights=True)
