"""What the numbers of a run say about it: each diagnosis is provoked, and each has its nearest case that is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import mlpcli
from mlpcli.language import speaking
from mlpcli.runs import diagnoses
from mlpcli.runs.diagnoses import RunRecord, diagnose, read_record


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
