"""What the numbers of a run say about it, in plain words: what was found, the evidence, and what to try.

Each diagnosis is a function of a `RunRecord`, and silent where the numbers do not bear it out.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from mlpcli.language import retold, say, term
from mlpcli.runs import directory as run_directory
from mlpcli.runs.directory import holds_series, resume_command
from mlpcli.runs.history import read_history
from mlpcli.runs.layer_file import LayerFile, LayerNumbers, read_layers
from mlpcli.runs.read_run import read_config, read_evaluation, read_metrics
from mlpcli.text import number, quoted, shown

OVERFITTED = 1.1
"""The validation loss at the end against its best: from here on it is said."""
LAST = 3
"""Epochs over which the end of a curve is averaged."""
FEWEST_EPOCHS = 8
"""In a shorter run, rises and falls say little."""
RISES = 1 / 3
RISE = 1.02
"""An epoch counts as a rise of the loss if it is so much larger than the one before."""
NEAR_ZERO = 0.05
"""Below this share of the first epoch's loss, rises are noise from Dropout and the batches."""
STILL_FALLING = 0.02
"""The share of the loss that the last tenth of the epochs took off."""
STRAIGHT = 0.7
"""The fall over the second half against that over the first: a curve that has hardly begun to bend."""
HARDLY = 0.5
"""Of the first loss: a run that came below it has got somewhere, however evenly."""
SMALLEST_BATCH = 16
WIDE = 0.04
"""Half the 95 % interval of an accuracy on the validation rows, from which on they are called few."""
NORMAL = 1.96
FEWEST_PERFECT = 50
MANY_DEAD, MOSTLY_DEAD = 0.25, 0.5
"""The shares of dead ReLU units, of the whole network and of one layer, from which on they are said."""
SATURATED = 0.6
"""The share of a layer's values that are at a limit. Good networks of tanh units reach a half."""
GENERATED = ("moons", "spirals", "blobs", "animals", "height_weight")
"""Data sets that can be learnt to the last row."""


@dataclass(frozen=True)
class Diagnosis:
    """What was found, the numbers that say so, and what to try, in the language that is spoken."""

    finding: str
    evidence: str
    advice: str

    def __str__(self) -> str:
        return say("{finding}: {evidence}; {advice}", finding=self.finding, evidence=self.evidence, advice=self.advice)


@dataclass(frozen=True)
class RunRecord:
    """The numbers of a run, as its files have them.

    history: column to one value per epoch. rows: of each part. scores: of the part that was evaluated, by metric.
    baseline: the same for always the same answer. confusion: rows of true classes, columns of predicted ones; empty
    without classes. batch_size: of training; None where it is not known. ended: whether training has. layers: what they
    were like at the start and at the end; empty where that is not known. leaks: what a look at the data found before
    training, each with its advice.
    """

    run: Path
    config: Mapping[str, Any]
    history: Mapping[str, Sequence[float]]
    rows: Mapping[str, int] = field(default_factory=dict)
    kept_epoch: int | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    baseline: Mapping[str, Any] = field(default_factory=dict)
    class_names: Sequence[str] = ()
    confusion: Sequence[Sequence[int]] = ()
    batch_size: int | None = None
    ended: bool = True
    layers: LayerFile = field(default_factory=LayerFile)
    leaks: Sequence[tuple[str, str]] = ()

    @property
    def epochs(self) -> int:
        """How many have ended."""
        return len(self.history.get("loss", ()))

    @property
    def all_epochs_done(self) -> bool:
        """Whether it ended because the config asks for no more epochs."""
        return self.ended and bool(self.epochs == self.setting("training.epochs"))

    def setting(self, key: str) -> Any:
        """A value of the config by its dotted key; None where it is not there."""
        value: Any = self.config
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value


def read_record(run: Path) -> RunRecord:
    """From the files of a run.

    Raises:
        RunDirectoryError: it is no run directory, or a file is damaged.
    """
    metrics, evaluation = read_metrics(run), read_evaluation(run)
    chosen = metrics.get("chosen")
    found = evaluation.get("metrics")
    batch = chosen.get("batch_size") if isinstance(chosen, dict) else None
    return RunRecord(
        run,
        read_config(run),
        read_history(run_directory.find_file(run, run_directory.HISTORY)),
        rows=_numbers(metrics.get("rows")),
        kept_epoch=metrics.get("kept_epoch") if isinstance(metrics.get("kept_epoch"), int) else None,
        scores=_numbers({**(found if isinstance(found, dict) else {}), "loss": evaluation.get("loss")}),
        baseline=evaluation["baseline"] if isinstance(evaluation.get("baseline"), dict) else {},
        class_names=[str(name) for name in _list(evaluation.get("class_names"))],
        confusion=_counts(evaluation.get("confusion_matrix")),
        batch_size=batch if isinstance(batch, int) else None,
        ended=bool(metrics),
        layers=read_layers(run),
        leaks=[(str(leak["text"]), str(leak["advice"])) for leak in _list(metrics.get("leaks")) if _is_leak(leak)],
    )


def _is_leak(value: object) -> bool:
    return isinstance(value, dict) and "text" in value and "advice" in value


def _numbers(value: object) -> dict[str, Any]:
    items = value.items() if isinstance(value, dict) else ()
    return {str(key): found for key, found in items if isinstance(found, (int, float)) and math.isfinite(found)}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _counts(value: object) -> list[list[int]]:
    """A square of whole numbers; [] for anything else."""
    rows = [[count for count in _list(row) if type(count) is int] for row in _list(value)]
    return rows if all(len(row) == len(rows) for row in rows) else []


def diagnose(record: RunRecord) -> list[Diagnosis]:
    """Everything that is to be said, the gravest first."""
    return [found for check in CHECKS if (found := check(record)) is not None]


def no_better_than_the_baseline(record: RunRecord) -> Diagnosis | None:
    """The score is no better than always the same answer."""
    for metric, rising in (("accuracy", True), ("mean_absolute_error", False)):
        ours, theirs = record.scores.get(metric), record.baseline.get(metric)
        if ours is None or not isinstance(theirs, (int, float)) or (ours > theirs if rising else ours < theirs):
            continue
        return Diagnosis(
            say("has learnt nothing"),
            say(
                "{metric} {ours}, and {baseline} has {theirs}",
                metric=term(metric),
                ours=number(ours),
                baseline=retold(str(record.baseline.get("name", "the baseline"))),
                theirs=number(theirs),
            ),
            say("check the target and the columns (mlpcli validate), then the learning rate"),
        )
    return None


def classes_never_predicted(record: RunRecord) -> Diagnosis | None:
    """Some classes have rows, and no row was taken for them."""
    matrix = record.confusion
    never = [
        name
        for place, name in enumerate(record.class_names)
        if place < len(matrix) and sum(matrix[place]) > 0 and sum(row[place] for row in matrix) == 0
    ]
    if not never or len(matrix) != len(record.class_names):
        return None
    rows = sum(sum(row) for row, name in zip(matrix, record.class_names, strict=True) if name in never)
    few = record.setting("data.class_weight") is None
    return Diagnosis(
        say("never predicts {classes}", classes=quoted(never)),
        say(
            "{rows:,} of {total:,} rows are of this class"
            if len(never) == 1
            else "{rows:,} of {total:,} rows are of these classes",
            rows=rows,
            total=sum(map(sum, matrix)),
        ),
        say(
            "try data.class_weight: balanced, or more rows of that class"
            if few
            else "more rows of that class would help"
        ),
    )


def overfits(record: RunRecord) -> Diagnosis | None:
    """The validation loss has risen well above its best while the training loss went on falling."""
    loss, validation = record.history.get("loss", ()), record.history.get("val_loss", ())
    if len(validation) < FEWEST_EPOCHS or not all(map(math.isfinite, [*loss, *validation])):
        return None
    best = min(range(len(validation)), key=validation.__getitem__)
    end = statistics.fmean(validation[-LAST:])
    if best + LAST >= len(validation) or validation[best] <= 0 or end < OVERFITTED * validation[best]:
        return None
    if statistics.fmean(loss[-LAST:]) >= loss[best] or end < NEAR_ZERO * validation[0]:
        return None
    evidence = say(
        "val_loss rose from {best} to {end} while loss fell from {before} to {after}",
        best=number(validation[best]),
        end=number(end),
        before=number(loss[best]),
        after=number(statistics.fmean(loss[-LAST:])),
    )
    kept = record.kept_epoch == best + 1
    return Diagnosis(
        say(
            "overfits from epoch {epoch} on (whose weights are kept)" if kept else "overfits from epoch {epoch} on",
            epoch=best + 1,
        ),
        evidence,
        say(
            "try model.dropout, kernel_regularizer, fewer units, or more rows"
            if kept or record.setting("training.early_stopping")
            else "try model.dropout, kernel_regularizer, fewer units, or more rows, and training.early_stopping"
        ),
    )


def learning_rate_too_high(record: RunRecord) -> Diagnosis | None:
    """The training loss rises again and again, or is no lower at the end than after the first epoch."""
    loss = record.history.get("loss", ())
    if len(loss) < FEWEST_EPOCHS or not all(map(math.isfinite, loss)):
        return None
    low = NEAR_ZERO * loss[0]
    rises = sum(later > max(RISE * earlier, low) for earlier, later in pairwise(loss) if earlier > 0)
    stuck = min(loss[1:]) >= loss[0]
    if rises < RISES * (len(loss) - 1) and not stuck:
        return None
    evidence = say(
        "loss never fell below that of the first epoch" if stuck else "loss rose in {rises} of {epochs} epochs",
        rises=rises,
        epochs=len(loss) - 1,
    )
    return Diagnosis(say("the learning rate looks too high"), evidence, _rate(record, 0.1))


def learning_rate_too_low(record: RunRecord) -> Diagnosis | None:
    """The training loss falls evenly: as fast in the second half as in the first."""
    loss = record.history.get("loss", ())
    if len(loss) < FEWEST_EPOCHS or not all(map(math.isfinite, loss)) or not record.all_epochs_done:
        return None
    half = len(loss) // 2
    first, second = loss[0] - loss[half], loss[half] - loss[-1]
    slow = loss[-1] > HARDLY * loss[0]
    if first <= 0 or not slow or second < STRAIGHT * first or any(b > a for a, b in pairwise(loss)):
        return None
    evidence = say(
        "loss fell evenly from {first} to {last}, as fast at the end as at the beginning",
        first=number(loss[0]),
        last=number(loss[-1]),
    )
    advice = say("{rate}, or train longer", rate=_rate(record, 10))
    return Diagnosis(say("the learning rate looks too low"), evidence, advice)


def still_improving(record: RunRecord) -> Diagnosis | None:
    """All epochs were done, and the best one is among the last."""
    column = "val_loss" if "val_loss" in record.history else "loss"
    curve = record.history.get(column, ())
    if len(curve) < FEWEST_EPOCHS or not record.all_epochs_done or not all(map(math.isfinite, curve)):
        return None
    tenth = max(1, len(curve) // 10)
    before, end = min(curve[:-tenth]), min(curve[-tenth:])
    if before <= 0 or (before - end) / before < STILL_FALLING:
        return None
    series = record.run.parent if holds_series(record.run.parent) else record.run
    return Diagnosis(
        say("was still improving when it stopped"),
        say(
            "{column} fell from {before} to {end} in the last {epochs:,} epoch"
            if tenth == 1
            else "{column} fell from {before} to {end} in the last {epochs:,} epochs",
            column=term(column),
            before=number(before),
            end=number(end),
            epochs=tenth,
        ),
        say(
            "train it longer: {command}",
            command=f"{resume_command(series)} -s training.epochs={2 * len(curve)}",
        ),
    )


def batch_normalization_of_few_rows(record: RunRecord) -> Diagnosis | None:
    """BatchNorm takes its numbers from very small batches."""
    layers = record.setting("model.layers")
    named = [next(iter(layer), "") if isinstance(layer, dict) else layer for layer in layers or []]
    if not (record.setting("model.batch_normalization") is True or "batch_normalization" in named):
        return None
    size = record.batch_size or record.setting("training.batch_size")
    if not isinstance(size, int) or size >= SMALLEST_BATCH:
        return None
    return Diagnosis(
        say("BatchNorm sees few rows at a time"),
        say(
            "means and variances are computed from {rows:,} row each"
            if size == 1
            else "means and variances are computed from {rows:,} rows each",
            rows=size,
        ),
        say("try training.batch_size: 32 or more"),
    )


def few_validation_rows(record: RunRecord) -> Diagnosis | None:
    """So few validation rows that the accuracy of an epoch, or of a run, is mostly luck."""
    rows, accuracies = record.rows.get("validation", 0), record.history.get("val_accuracy", ())
    if not rows or not accuracies or record.kept_epoch is None or record.kept_epoch > len(accuracies):
        return None
    accuracy = accuracies[record.kept_epoch - 1]
    width = NORMAL * math.sqrt(max(0.0, accuracy * (1 - accuracy)) / rows)
    if not width > WIDE:
        return None
    return Diagnosis(
        say("the validation rows are few"),
        say(
            "an accuracy of {accuracy} on {rows:,} rows is known only to ± {width}",
            accuracy=number(accuracy),
            rows=rows,
            width=number(width),
        ),
        say("runs that differ by less cannot be told apart; use --seeds, or more rows in data.validation"),
    )


def dead_units(record: RunRecord) -> Diagnosis | None:
    """Many ReLU units give 0 for every row that was looked at, so that they learn nothing any more."""
    layers, before = _can_die(record.layers.end), _can_die(record.layers.start)
    dead, units = sum(count for count, _ in layers), sum(layer.units for _, layer in layers)
    count, worst = max(layers, key=lambda pair: pair[0] / max(1, pair[1].units), default=(0, None))
    if worst is None or (dead < MANY_DEAD * units and count < MOSTLY_DEAD * worst.units):
        return None
    at_start = sum(count for count, _ in before)
    evidence = [
        say(
            "{dead:,} of {units:,} are 0 for all of {rows:,} training rows",
            dead=dead,
            units=units,
            rows=record.layers.rows,
        )
    ]
    if before:
        evidence.append(say("{dead:,} at the start", dead=at_start))
    if len(layers) > 1:
        layer = shown(worst.name)
        evidence.append(say('{dead:,} of {units:,} in layer "{layer}"', dead=count, units=worst.units, layer=layer))
    return Diagnosis(
        say("{percent} % of the ReLU units are dead", percent=100 * dead // units),
        ", ".join(evidence),
        say("try kernel_initializer: he_normal, batch_normalization, or activation: leaky_relu")
        if before and 2 * at_start >= dead
        else say("{rate}, or activation: leaky_relu", rate=_rate(record, 0.1)),
    )


def _can_die(layers: Sequence[LayerNumbers]) -> list[tuple[int, LayerNumbers]]:
    """The hidden layers of ReLU units, each with its number of dead ones."""
    return [(layer.dead, layer) for layer in layers if layer.dead is not None and not layer.output]


def saturated_units(record: RunRecord) -> Diagnosis | None:
    """Sigmoid or tanh units are at their limits for most rows, where they hardly learn."""
    known = [(layer.at_limit, layer) for layer in record.layers.end if layer.at_limit is not None]
    share, worst = max(known, key=lambda pair: pair[0], default=(0.0, None))
    if worst is None or share < SATURATED:
        return None
    before = next((layer.at_limit for layer in record.layers.start if layer.name == worst.name), None)
    layer = shown(worst.name)
    evidence = [
        say(
            '{percent:.0f} % of the values of layer "{layer}" are at a limit, where the slope is nearly 0',
            percent=100 * share,
            layer=layer,
        )
    ]
    if before is not None:
        evidence.append(say("{percent:.0f} % at the start", percent=100 * before))
    return Diagnosis(
        say("many {activation} units are saturated", activation=worst.activation),
        ", ".join(evidence),
        say("try smaller initial weights (kernel_initializer: glorot_uniform), or batch_normalization")
        if before is not None and 2 * before >= share
        else say("{rate}, or batch_normalization", rate=_rate(record, 0.1)),
    )


def leak(record: RunRecord) -> Diagnosis | None:
    """A column alone predicts the target almost wholly, as a look at the data found before training."""
    if not record.leaks:
        return None
    text, advice = record.leaks[0]
    return Diagnosis(say("a column gives the answer away"), retold(text), retold(advice))


def too_good(record: RunRecord) -> Diagnosis | None:
    """Everything is right on rows that were not learnt: real data seldom is so, and a leak often.

    Nothing is said where a leak was found, which says more.
    """
    accuracy, rows = record.scores.get("accuracy"), sum(map(sum, record.confusion))
    if accuracy != 1 or rows < FEWEST_PERFECT or record.setting("data.source") in GENERATED or record.leaks:
        return None
    return Diagnosis(
        say("is perfect, which is suspicious"),
        say("all of {rows:,} rows are right", rows=rows),
        say("look for a column that gives the answer away, or rows that are in both parts (mlpcli validate)"),
    )


def _rate(record: RunRecord, factor: float) -> str:
    rate = record.setting("training.optimizer.learning_rate")
    if not isinstance(rate, (int, float)):
        return say(
            "try a lower training.optimizer.learning_rate"
            if factor < 1
            else "try a higher training.optimizer.learning_rate"
        )
    return say("try training.optimizer.learning_rate={rate:.3g}", rate=rate * factor)


CHECKS: tuple[Callable[[RunRecord], Diagnosis | None], ...] = (
    no_better_than_the_baseline,
    leak,
    learning_rate_too_high,
    dead_units,
    saturated_units,
    classes_never_predicted,
    too_good,
    overfits,
    learning_rate_too_low,
    still_improving,
    batch_normalization_of_few_rows,
    few_validation_rows,
)
