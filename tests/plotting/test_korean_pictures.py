"""The words of pictures in Korean, and English again behind them."""

from __future__ import annotations

from mlpcli.language import speaking
from mlpcli.plotting.confusion_matrix import confusion_matrix_figure
from mlpcli.plotting.learning_curves import learning_curves
from mlpcli.plotting.predicted_against_true import predicted_against_true_figure
from mlpcli.plotting.style import texts_of
from mlpcli.runs.read_run import RunCurves

HISTORY = {"epoch": [1.0, 2.0], "loss": [0.5, 0.4], "val_loss": [0.6, 0.5], "mine": [1.0, 2.0]}


def test_learning_curves() -> None:
    run = RunCurves("digits", HISTORY, best_epoch=2)
    with speaking("ko"):
        figure = learning_curves([run])
    assert {"손실", "에포크", "학습", "검증", "가장 좋은 에포크: 2", "mine"} <= set(texts_of(figure))
    assert {"loss", "epoch", "training", "validation", "best epoch: 2"} <= set(texts_of(learning_curves([run])))


def test_a_confusion_matrix() -> None:
    evaluation = {"confusion_matrix": [[3, 1], [0, 4]], "class_names": ["a", "b"], "split": "test"}
    with speaking("ko"):
        texts = texts_of(confusion_matrix_figure(evaluation, "digits"))
    assert {"예측", "실제", "실제 클래스 안에서의 비율", "digits\n테스트: 정확도 0.875 (8행)"} <= set(texts)


def test_predicted_against_true() -> None:
    evaluation = {"sample": {"true": [1, 2], "predicted": [1, 3]}, "r2": 0.5, "split": "validation", "rows": 9}
    with speaking("ko"):
        texts = texts_of(predicted_against_true_figure(evaluation, "집값"))
    assert {"실제 값", "예측한 값", "집값\n검증: R² 0.5 (9행 중 2행을 그림)"} <= set(texts)
