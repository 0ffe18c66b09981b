"""`validate` refuses what `train` would refuse, in the same words, also where it does not load the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlpcli.config.load_config import load_config
from mlpcli.errors import MlpcliError
from mlpcli.workflows.prepare import plan_from_facts, prepare
from mlpcli.workflows.validate import validate

GOOD = "data: {source: %s}\n"
REFUSED = [
    ("digits", "data.class_weight={zero: 1}", 'unknown class "zero"'),
    ("iris", "data.class_weight={setosa: 1}", "missing:"),
    ("diabetes", "data.class_weight=balanced", "the target is a number"),
    ("diabetes", "training.stop_when_equal=true", "compares accuracies; add accuracy to training.metrics"),
    ("diabetes", "data.task=classification", "data.task"),
    ("diabetes", "training.loss=sparse_categorical_crossentropy", "training.loss"),
    ("digits", "data.path=/nowhere", "data.path"),
    ("iris", "data.scaling=unit", "unit is for pixels"),
    ("iris", "data.validation=0.001", "data.validation"),
]


@pytest.mark.parametrize(("source", "override", "words"), REFUSED)
def test_the_same_words_with_and_without_the_data(tmp_path: Path, source: str, override: str, words: str) -> None:
    config = tmp_path / "my.yaml"
    config.write_text(GOOD % source, encoding="utf-8")
    loaded = load_config(config, [override])
    with pytest.raises(MlpcliError) as without:
        plan_from_facts(loaded)
    with pytest.raises(MlpcliError) as with_data:
        prepare(loaded)
    assert words in str(without.value)
    assert str(without.value) == str(with_data.value)


@pytest.mark.parametrize("source", ["digits", "iris", "wine", "breast_cancer", "diabetes"])
def test_the_same_plan_with_and_without_the_data(tmp_path: Path, source: str) -> None:
    config = tmp_path / "my.yaml"
    config.write_text(GOOD % source, encoding="utf-8")
    loaded = load_config(config)
    facts, plan = plan_from_facts(loaded)
    prepared = prepare(loaded)
    assert plan == prepared.plan
    assert facts == prepared.facts


def test_a_set_that_would_have_to_be_downloaded_is_only_looked_up(tmp_path: Path) -> None:
    config = tmp_path / "my.yaml"
    config.write_text("data: {source: mnist}\nmodel: {hidden_units: [100]}\n", encoding="utf-8")
    result = validate(config)
    # 784 * 100 + 100 and 100 * 10 + 10
    assert result.plan.trainable == 78_500 + 1_010
    assert (result.facts.train_rows, result.facts.validation_rows, result.facts.test_rows) == (48_000, 12_000, 10_000)


def test_local_files_are_read_and_their_warnings_shown(tmp_path: Path) -> None:
    import numpy as np

    np.savez(tmp_path / "big.npz", x=np.random.default_rng(0).normal(0, 1000, (60, 3)), y=np.arange(60) % 2)
    config = tmp_path / "my.yaml"
    config.write_text("data: {source: big.npz, scaling: none}\n", encoding="utf-8")
    look = validate(config).look
    assert look is not None
    assert [finding.topic for finding in look.findings] == ["scaling"]


def test_tensorboard_is_asked_for_only_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    config = tmp_path / "my.yaml"
    config.write_text("data: {source: iris}\noutput:\n  tensorboard: true\n", encoding="utf-8")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MlpcliError, match=r"my.yaml:3:3: output\.tensorboard: .*pip install tensorboard"):
        validate(config)
