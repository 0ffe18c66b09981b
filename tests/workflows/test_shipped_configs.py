"""Every config in configs/ is a test case: it validates, and trains a short epoch where its data is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlpcli.config.load import load_config
from mlpcli.data.catalog import CATALOG
from mlpcli.workflows.train import train
from mlpcli.workflows.validate import validate

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(path.relative_to(ROOT) for path in (ROOT / "configs").rglob("*.y*ml"))


def test_there_are_configs() -> None:
    assert Path("configs/digits.yaml") in CONFIGS


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_it_validates(config: Path) -> None:
    assert validate(ROOT / config).plan.trainable > 0


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_its_header_says_how_to_train_it(config: Path) -> None:
    assert f"# mlpcli train {config.as_posix()}" in (ROOT / config).read_text(encoding="utf-8").splitlines()


@pytest.mark.tf
@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_it_trains(config: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    overrides = ["training.epochs=1", "data.limit=500"]
    data = load_config(ROOT / config).config.data
    built_in = CATALOG.get(data.source)
    if built_in is not None and not built_in.at_hand and data.path is None:
        folder = request.getfixturevalue("shared_data") / data.source.replace("_", "-")
        if not folder.is_dir():
            pytest.skip(f"{data.source} is not among the real data sets")
        overrides.append(f"data.path={folder}")
    result = train(ROOT / config, overrides, tmp_path)
    assert result.metrics["epochs"] == 1
    assert result.model is not None
