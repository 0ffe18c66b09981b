"""`predict --spread` for several networks in one (`model.members`): the spread of the members, not of towers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import mlpcli
from mlpcli.modelfile.saved_model import open_model
from mlpcli.scoring.predictor import load_members, load_predictor

CONFIG = (
    "name: flowers\ndata: {source: iris, test: 0.2}\nmodel: {hidden_units: [8], members: 3}\n"
    "training: {engine: numpy, epochs: 3}\noutput: {plots: []}\n"
)


def test_it_is_the_deviation_of_the_members_whose_mean_is_the_answer(tmp_path: Path, mlpcli_here: Any) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    run = mlpcli.train(tmp_path / "c.yaml", runs_dir=tmp_path / "runs").run
    saved = open_model(run)
    x = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 2.9, 5.6, 1.8]], np.float32)
    members = load_members(saved, "numpy")
    assert members is not None
    each = members(x)  # (members, rows, classes)
    assert each.shape == (3, 2, 3)
    np.testing.assert_allclose(each.sum(axis=2), 1, rtol=1e-5)
    np.save(tmp_path / "x.npy", x)
    done = mlpcli_here("predict", run, "x.npy", "--spread", "--json")
    answers = json.loads(done.stdout)["predictions"]
    assert len(answers) == 2
    for row, answer in enumerate(answers):
        top = int(each.mean(axis=0)[row].argmax())
        np.testing.assert_allclose(answer["probability"], each[:, row, top].mean(), rtol=1e-5)
        np.testing.assert_allclose(answer["spread"], each[:, row, top].std(ddof=1), rtol=1e-4)
        assert answer["agree"] == np.mean(each[:, row].argmax(axis=1) == top)


def test_one_network_has_no_members(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG.replace("members: 3", "members: 1"), encoding="utf-8")
    saved = open_model(mlpcli.train(tmp_path / "c.yaml", runs_dir=tmp_path / "runs").run)
    assert load_members(saved) is None
    assert load_predictor(saved).members(np.zeros((2, 4), np.float32)).shape == (1, 2, 3)
