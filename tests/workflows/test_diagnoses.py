"""What the numbers of a run say about it: each diagnosis is provoked, and each has its nearest case that is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.errors import RunDirectoryError
from mlpcli.language import speaking
from mlpcli.runs import diagnoses
from mlpcli.runs.diagnoses import RunRecord, diagnose, read_record
from mlpcli.runs.layer_file import LayerFile, LayerNumbers, Values


def record(**changes: Any) -> RunRecord:
    """A run of ten good epochs, with what is changed."""
    known: dict[str, Any] = {
        "run": Path("runs/a"),
        "config": {
            "training": {"epochs": 10, "optimizer": {"learning_rate": 0.01}, "early_stopping": True},
            "model": {},
        },
        "history": curves([1.0, 0.6, 0.4, 0.3, 0.25, 0.22, 0.2, 0.19, 0.185, 0.183]),
        "rows": {"train": 4000, "validation": 1000, "test": 1000},
        "kept_epoch": 10,
        "scores": {"accuracy": 0.9, "loss": 0.2},
        "baseline": {"name": 'always "a"', "accuracy": 0.5},
        "class_names": ["a", "b"],
        "confusion": [[450, 50], [50, 450]],
    }
    return RunRecord(**{**known, **changes})


def curves(loss: list[float], validation: list[float] | None = None) -> dict[str, list[float]]:
    return {"loss": loss, "val_loss": validation or loss, "val_accuracy": [0.9] * len(loss)}


def config(**settings: Any) -> dict[str, Any]:
    return {"training": {"optimizer": {"learning_rate": 0.01}}, **settings}


def test_of_a_good_run_nothing_is_said() -> None:
    assert diagnose(record()) == []


def one(name: str, run: RunRecord) -> str:
    found = getattr(diagnoses, name)(run)
    return "" if found is None else str(found)


VALUES = Values(0.0, 1.0, (1,), 0.5, 0.1)


def relu(dead: int, units: int, name: str = "a", output: bool = False) -> LayerNumbers:
    return LayerNumbers(name, "relu", units, output, VALUES, VALUES, dead=dead)


def tanh(at_limit: float, name: str = "a") -> LayerNumbers:
    return LayerNumbers(name, "tanh", 10, False, VALUES, VALUES, saturated=7, at_limit=at_limit)


BENT = [1.0, 0.6, 0.4, 0.3, 0.25, 0.22, 0.2, 0.19, 0.185, 0.183]
RISING = [1.0, 0.6, 0.5, 0.45, 0.44, 0.46, 0.5, 0.55, 0.6, 0.65]
FALLING = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15]
NORMALIZED = {"batch_normalization": True}
STEPS = [2.0 - 0.01 * epoch for epoch in range(10)]


@pytest.mark.parametrize(
    ("name", "run", "said"),
    [
        (
            "no_better_than_the_baseline",
            record(scores={"accuracy": 0.5}),
            'has learnt nothing: accuracy 0.5000, and always "a" has 0.5000; check the target and the columns'
            " (mlpcli validate), then the learning rate",
        ),
        ("no_better_than_the_baseline", record(scores={"accuracy": 0.51}), ""),
        (
            "no_better_than_the_baseline",
            record(scores={"mean_absolute_error": 2.5}, baseline={"name": "the mean", "mean_absolute_error": 2.0}),
            "has learnt nothing: mean_absolute_error 2.5000, and the mean has 2.0000; check the target and the columns"
            " (mlpcli validate), then the learning rate",
        ),
        ("no_better_than_the_baseline", record(scores={"accuracy": 0.1}, baseline={}), ""),
        (
            "classes_never_predicted",
            record(confusion=[[900, 0], [100, 0]]),
            'never predicts "b": 100 of 1,000 rows are of this class; try data.class_weight: balanced, or'
            " more rows of that class",
        ),
        (
            "classes_never_predicted",
            record(confusion=[[900, 0], [100, 0]], config=config(data={"class_weight": "balanced"})),
            'never predicts "b": 100 of 1,000 rows are of this class; more rows of that class would help',
        ),
        ("classes_never_predicted", record(confusion=[[900, 0], [0, 0]]), ""),  # there are none of it
        ("classes_never_predicted", record(confusion=[[900, 1], [99, 0]]), ""),
        (
            "overfits",
            record(history=curves(BENT, RISING), kept_epoch=5),
            "overfits from epoch 5 on (whose weights are kept): val_loss rose from 0.4400 to 0.6000"
            " while loss fell from"
            " 0.2500 to 0.1860; try model.dropout, kernel_regularizer, fewer units, or more rows",
        ),
        (
            "overfits",
            record(history=curves(BENT, RISING), kept_epoch=10, config=config()),
            "overfits from epoch 5 on: val_loss rose from 0.4400 to 0.6000 while loss fell from 0.2500 to 0.1860; try"
            " model.dropout, kernel_regularizer, fewer units, or more rows, and training.early_stopping",
        ),
        ("overfits", record(history=curves(RISING, RISING)), ""),  # the training loss has risen, too
        ("overfits", record(history=curves(BENT, [*RISING[:7], 0.45, 0.45, 0.45])), ""),  # 2 % above the best
        ("overfits", record(history=curves(BENT, [20.0, *RISING[1:]])), ""),  # still 3 % of the first epoch's
        ("learning_rate_too_high", record(history=curves([1, *[0.02, 0.04] * 5])), ""),  # noise of a loss near 0
        (
            "learning_rate_too_high",
            record(history=curves([1, 2, 1, 2, 1, 2, 1, 0.9, 0.8, 0.7])),
            "the learning rate looks too high: loss rose in 3 of 9 epochs; try training.optimizer.learning_rate=0.001",
        ),
        (
            "learning_rate_too_high",
            record(history=curves([2.3, *[2.31] * 9])),
            "the learning rate looks too high: loss never fell below that of the first epoch; try"
            " training.optimizer.learning_rate=0.001",
        ),
        ("learning_rate_too_high", record(history=curves([1, 2, 1, 2, 1, 0.99, 0.9, 0.8, 0.7, 0.6])), ""),
        ("learning_rate_too_high", record(history=curves([1, 2, 1, 2])), ""),  # too short to tell
        ("learning_rate_too_high", record(history=curves([1.0, float("nan"), *BENT])), ""),
        (
            "learning_rate_too_low",
            record(history=curves(STEPS)),
            "the learning rate looks too low: loss fell evenly from 2.0000 to 1.9100, as fast at the end as at the"
            " beginning; try training.optimizer.learning_rate=0.1, or train longer",
        ),
        ("learning_rate_too_low", record(history=curves(STEPS[:9])), ""),
        ("learning_rate_too_low", record(history=curves([1.0 - 0.09 * epoch for epoch in range(10)])), ""),
        (
            "still_improving",
            record(history=curves(FALLING)),
            "was still improving when it stopped: val_loss fell from 0.2000 to 0.1500 in the last 1"
            " epoch; train it longer:"
            " mlpcli train --resume runs/a -s training.epochs=20",
        ),
        ("still_improving", record(history=curves(FALLING[:9])), ""),
        (
            "batch_normalization_of_few_rows",
            record(config=config(model=NORMALIZED), batch_size=4),
            "BatchNorm sees few rows at a time: means and variances are computed from 4 rows each; try"
            " training.batch_size:"
            " 32 or more",
        ),
        (
            "batch_normalization_of_few_rows",
            record(config=config(model={"layers": [{"dense": 8}, "batch_normalization"]}), batch_size=1),
            "BatchNorm sees few rows at a time: means and variances are computed from 1 row each; try"
            " training.batch_size: 32"
            " or more",
        ),
        (
            "batch_normalization_of_few_rows",
            record(config=config(model=NORMALIZED), batch_size=16),
            "",
        ),
        ("batch_normalization_of_few_rows", record(batch_size=4), ""),
        (
            "few_validation_rows",  # 1.96 sqrt(0.09 / 100)
            record(rows={"validation": 100}),
            "the validation rows are few: an accuracy of 0.9000 on 100 rows is known only to ±"
            " 0.0588; runs that differ by"
            " less cannot be told apart; use --seeds, or more rows in data.validation",
        ),
        ("few_validation_rows", record(rows={"validation": 300}), ""),
        ("few_validation_rows", record(rows={}), ""),
        (
            "dead_units",  # 40 of 100 and 5 of 50 are 30 %
            record(layers=LayerFile(512, (relu(1, 100), relu(0, 50)), (relu(40, 100), relu(5, 50, "끝")))),
            "30 % of the ReLU units are dead: 45 of 150 are 0 for all of 512 training rows, 1 at the start, 40 of 100"
            ' in layer "a"; try training.optimizer.learning_rate=0.001, or activation: leaky_relu',
        ),
        (
            "dead_units",
            record(layers=LayerFile(64, (relu(30, 50),), (relu(35, 50),))),
            "70 % of the ReLU units are dead: 35 of 50 are 0 for all of 64 training rows, 30 at the start; try"
            " kernel_initializer: he_normal, batch_normalization, or activation: leaky_relu",
        ),
        (
            "dead_units",  # a half of one layer; where a run was resumed, its start may not be known
            record(layers=LayerFile(64, (), (relu(0, 100), relu(5, 10)))),
            '4 % of the ReLU units are dead: 5 of 110 are 0 for all of 64 training rows, 5 of 10 in layer "a"; try'
            " training.optimizer.learning_rate=0.001, or activation: leaky_relu",
        ),
        ("dead_units", record(layers=LayerFile(512, (relu(0, 100),), (relu(24, 100),))), ""),
        ("dead_units", record(layers=LayerFile(512, (), (relu(1, 1, output=True), tanh(1.0)))), ""),
        (
            "saturated_units",
            record(layers=LayerFile(512, (tanh(0.0), tanh(0.1, "b")), (tanh(0.5), tanh(0.8, "b")))),
            'many tanh units are saturated: 80 % of the values of layer "b" are at a limit, where the slope is nearly'
            " 0, 10 % at the start; try training.optimizer.learning_rate=0.001, or batch_normalization",
        ),
        (
            "saturated_units",
            record(layers=LayerFile(512, (tanh(0.6),), (tanh(0.6),))),
            'many tanh units are saturated: 60 % of the values of layer "a" are at a limit, where the slope is nearly'
            " 0, 60 % at the start; try smaller initial weights (kernel_initializer: glorot_uniform), or"
            " batch_normalization",
        ),
        ("saturated_units", record(layers=LayerFile(512, (tanh(0.9),), (tanh(0.59), relu(9, 10)))), ""),
        (
            "leak",
            record(leaks=[('column "x" alone predicts the class right in 100 % of the rows', "data.exclude: [x]")]),
            'a column gives the answer away: column "x" alone predicts the class right in 100 % of the rows;'
            " data.exclude: [x]",
        ),
        ("leak", record(), ""),
        ("too_good", record(scores={"accuracy": 1.0}, confusion=[[60]], leaks=[("a", "b")]), ""),
        (
            "too_good",
            record(scores={"accuracy": 1.0}, confusion=[[30, 0], [0, 30]]),
            "is perfect, which is suspicious: all of 60 rows are right; look for a column that gives"
            " the answer away, or"
            " rows that are in both parts (mlpcli validate)",
        ),
        ("too_good", record(scores={"accuracy": 1.0}, confusion=[[20, 0], [0, 20]]), ""),
        (
            "too_good",
            record(scores={"accuracy": 1.0}, confusion=[[60]], config={"data": {"source": "moons"}}),
            "",
        ),
    ],
)
def test_what_is_said(name: str, run: RunRecord, said: str) -> None:
    assert one(name, run) == said


def test_a_series_is_trained_longer_as_a_whole(tmp_path: Path) -> None:
    falls = curves(FALLING)
    for folder in ("seed-777", "fold-1"):
        found = one("still_improving", record(run=tmp_path / folder, history=falls))
        assert f"--resume {tmp_path / folder} -s" in found
    (tmp_path / "seeds.json").write_text("{}", encoding="utf-8")
    found = one("still_improving", record(run=tmp_path / "seed-777", history=falls))
    assert f"--resume {tmp_path} -s training.epochs=20" in found


def test_every_check_is_tried_and_listed() -> None:
    (cases,) = (mark.args[1] for mark in test_what_is_said.pytestmark)  # type: ignore[attr-defined]
    tried = {case[0] for case in cases if case[2]}, {case[0] for case in cases if not case[2]}
    assert tried[0] == tried[1] | {"batch_normalization_of_few_rows"} == {check.__name__ for check in diagnoses.CHECKS}


def test_the_record_of_a_real_run(tmp_path: Path) -> None:
    text = (
        "data: {source: iris, test: 0.2}\nmodel: {hidden_units: [8]}\n"
        "training: {engine: numpy, epochs: 8, optimizer: {name: sgd, learning_rate: 0.00001}}\noutput: {plots: []}\n"
    )
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    found = read_record(mlpcli.train(tmp_path / "c.yaml", runs_dir=tmp_path).run)
    assert (found.epochs, found.rows, found.batch_size) == (8, {"train": 96, "validation": 24, "test": 30}, 32)
    assert found.setting("training.optimizer.learning_rate") == 0.00001
    assert "the learning rate looks too low" in [each.finding for each in diagnose(found)]


def test_a_diagnosis_in_korean() -> None:
    falling = record(history=curves(FALLING, RISING), kept_epoch=5)
    nothing = record(scores={"accuracy": 0.5})
    with speaking("ko"):
        assert one("overfits", falling) == (
            "5번째 에포크 이후 과적합이 일어났습니다(모델에는 이 에포크의 가중치를 저장했습니다)."
            " 검증 손실이 0.4400에서 0.6000까지 커지는 동안 학습 손실은 0.6000에서 0.2167까지 작아졌습니다."
            " model.dropout이나 kernel_regularizer를 쓰거나, 유닛 수를 줄이거나, 데이터를 늘려 보십시오"
        )
        assert '정확도 값이 0.5000인데, 기준선(항상 "a")의 0.5000보다 좋지 않습니다' in one(
            "no_better_than_the_baseline", nothing
        )


def test_what_is_said_of_units_and_leaks_comes_from_the_files_of_a_run(tmp_path: Path) -> None:
    """Weights of spread 100 leave tanh nothing but its limits; the last column is the answer."""
    draw = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{int(a > b)},{'yes' if a > b else 'no'}" for a, b in draw.normal(size=(200, 2))]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,known,y", *rows]), encoding="utf-8")
    text = (
        "data: {source: t.csv, target: y}\n"
        "model: {hidden_units: [8], activation: tanh, kernel_initializer: {random_normal: {stddev: 100.0}}}\n"
        "training: {engine: numpy, epochs: 1}\noutput: {plots: []}\n"
    )
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    run = mlpcli.train(tmp_path / "c.yaml", runs_dir=tmp_path).run
    found = [str(each) for each in diagnose(read_record(run))]
    assert any(
        each.startswith('a column gives the answer away: column "known" alone predicts the class') for each in found
    )
    assert any(each.startswith("many tanh units are saturated: ") for each in found)
    (run / "layers.json").unlink()
    assert not any("saturated" in str(each) for each in diagnose(read_record(run)))
    (run / "layers.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=r"layers\.json: is damaged"):
        read_record(run)
