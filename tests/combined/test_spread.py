"""`predict --spread`: how far the members of a combined file differ, computed by hand from each member's own answer."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.errors import UserError
from mlpcli.modelfile.card import Meaning
from mlpcli.workflows.spread import Spread

THREE = Meaning("classification", ("a", "b", "c"), 0.5, 3, "probability", ())
BINARY = Meaning("binary", ("no", "yes"), 0.5, 1, "probability", ())
NUMBERS = Meaning("regression", None, 0.5, 2, "score", ("x", "y"))


def test_of_numbers_it_is_their_deviation_in_the_target_s_units() -> None:
    found = Spread.of(np.array([[[1.0, 10.0]], [[2.0, 10.0]], [[6.0, 10.0]]]), None, NUMBERS)
    assert found.deviations.tolist() == [[pytest.approx(7**0.5), 0.0]]  # of 1, 2, 6: ((-2)^2 + (-1)^2 + 3^2) / 2
    assert found.agree is None


def test_of_classes_it_is_the_deviation_of_the_predicted_one_and_the_share_that_agrees() -> None:
    members = np.array([[[0.5, 0.3, 0.2]], [[0.7, 0.2, 0.1]], [[0.1, 0.8, 0.1]]])
    found = Spread.of(members, np.array([[0, 1]]), THREE)
    assert found.deviations.tolist() == [[pytest.approx(np.std([0.5, 0.7, 0.1], ddof=1))]]
    assert found.agree is not None and found.agree.tolist() == [pytest.approx(2 / 3)]


def test_of_two_classes() -> None:
    members = np.array([[[0.4], [0.9]], [[0.2], [0.7]]])  # the probability of yes, for two rows
    found = Spread.of(members, np.array([[0], [1]]), BINARY)
    assert found.deviations.ravel().tolist() == [pytest.approx(np.std([0.4, 0.2], ddof=1))] * 2
    assert found.agree is not None and found.agree.tolist() == [1, 1]


def test_the_api_and_the_columns_of_output(best: Path, seeds: list[Path], people: Path, tmp_path: Path) -> None:
    plain = mlpcli.predict(best, people / "new.csv")
    found = mlpcli.predict(best, people / "new.csv", spread=True, output=tmp_path / "out.csv", probabilities=True)
    each = np.array([mlpcli.predict(run, people / "new.csv").outputs[:, 0] for run in seeds])
    assert np.array_equal(found.outputs, plain.outputs)
    assert [entry["spread"] for entry in found.predictions] == pytest.approx(each.std(axis=0, ddof=1).tolist())
    agree = ((each > 0.5) == (found.outputs[:, 0] > 0.5)).mean(axis=0).tolist()
    assert [entry["agree"] for entry in found.predictions] == agree
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.DictReader(file))
    names = ["나이", "port", "weight", "predicted", "probability", "spread", "agree", "아니요", "예"]
    assert list(written[0]) == names
    assert [float(row["agree"]) for row in written] == agree


def test_the_command(best: Path, people: Path, mlpcli_here: Callable[..., Any]) -> None:
    lines = mlpcli_here("predict", best, people / "new.csv", "--spread").stdout.splitlines()
    found = json.loads(mlpcli_here("predict", best, people / "new.csv", "--spread", "--json").stdout)["predictions"]
    shown = [f"{entry['spread']:.4f}\t{entry['agree']:.0%}" for entry in found]
    assert ["\t".join(line.split("\t")[-2:]) for line in lines] == shown
    assert mlpcli_here("predict", best, people / "new.csv", "--spread", "--output", "out.csv").returncode == 0


def test_a_single_network_has_none(seeds: list[Path], people: Path, mlpcli_here: Callable[..., Any]) -> None:
    done = mlpcli_here("predict", seeds[0], people / "new.csv", "--spread")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is a single network, but a spread needs several; combine runs of several seeds" in done.stderr
    with pytest.raises(UserError, match="--spread"):
        mlpcli.predict(seeds[0], people / "new.csv", spread=True)
