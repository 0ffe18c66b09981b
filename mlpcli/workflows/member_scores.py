"""What `evaluate` does with a model made of several runs: rows that none of them has seen, and each member alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.config.sections import DataConfig
from mlpcli.data.dataset import Part, Splits
from mlpcli.data.folds import fold_of
from mlpcli.data.load_data import LoadedData, split_source
from mlpcli.errors import UserError

if TYPE_CHECKING:
    from mlpcli.modelfile.card import ModelCard
    from mlpcli.modelfile.saved_model import SavedModel
    from mlpcli.scoring.predictor import EngineName

MEAN = "mean of members"


def untouched(
    file: Path, card: ModelCard, settings: DataConfig, data: LoadedData, split: str | None
) -> tuple[Splits, list[str]]:
    """The splits with only those test rows that are in no member's training or validation rows, and notes.

    Each seed draws rows of its own, unless the test rows come by themselves. They are drawn again here.

    Raises:
        UserError: another split is asked for, or there is no such row.
    """
    splits = data.splits
    if split not in (None, "test"):
        raise UserError(
            f"--split {split}: {file} is made of several runs, and some were trained on these rows; leave it out,"
            " or give rows with --data"
        )
    if fold_of(settings) is not None:
        raise UserError(
            f"{file}: each run was trained on the folds that the others held out; evaluate their folder instead"
            " (mlpcli evaluate), where each row is scored by the run that held it out, or give rows with --data"
        )
    if splits.test is None:
        raise UserError(f"{file}: its runs have no test rows; give rows that none of them has seen with --data")
    if not isinstance(settings.test, float) or len({run.seed for run in card.made_of}) == 1:
        return splits, []
    if card.data.streamed:
        raise UserError(f"{file}: its runs were streamed, each with its own test rows; give other rows with --data")
    rows = splits.test.indices
    for seed in {run.seed for run in card.made_of}:
        drawn = split_source(data.source, settings, seed or 0).test
        rows = np.intersect1d(rows, drawn.indices if drawn is not None else rows)
    advice = "a file for data.test gives all seeds the same test rows"
    if not len(rows):
        raise UserError(
            f"{file}: each test row of one run is among the training or validation rows of another; give other rows"
            f" with --data ({advice})"
        )
    note = (
        f"note: {len(rows):,} of {len(splits.test):,} test rows are test rows of all {len(card.made_of)} runs, and only"
        f" these are scored; {advice}"
    )
    return replace(splits, test=replace(splits.test, indices=rows)), [note]


def member_scores(
    model: SavedModel, engine: EngineName, chosen: Mapping[str, Any], part: Part, split: str
) -> dict[str, Any]:
    """The scores of each member by itself, {"scores": [{name: value}, ...], "mean": {name: value}}.

    chosen: as `evaluate_part` takes it.
    """
    from mlpcli.scoring.predictor import load_predictor
    from mlpcli.scoring.scores import SCORES, evaluate_part

    scores: list[dict[str, float]] = []
    for tower in model.towers:
        predictor = load_predictor(replace(model, towers=[tower]), engine, scored=True, rows=len(part))
        found = evaluate_part(predictor, dict(chosen), part, split, None)
        own = {name: found[name] for name in SCORES if name in found}
        scores.append({"loss": found["loss"], **found["metrics"], **own})
    means = {name: fmean(one[name] for one in scores) for name in scores[0] if _finite(one[name] for one in scores)}
    return {"scores": scores, "mean": means}


def _finite(values: Any) -> bool:
    return all(isinstance(value, (int, float)) and math.isfinite(value) for value in values)
