"""What a training gives back: where the run lies, what its numbers say, and how a notebook shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlpcli.errors import MlpcliError
from mlpcli.runs.diagnoses import Diagnosis, diagnose, read_record
from mlpcli.scoring.calibration import what_changed
from mlpcli.scoring.thresholds import gained
from mlpcli.text import number
from mlpcli.training.progress import Interrupted
from mlpcli.workflows import notebook
from mlpcli.workflows.trained_runs import TrainedRuns


@dataclass(frozen=True, repr=False)
class TrainResult(TrainedRuns):
    """A finished run: where it lies and what metrics.json says.

    A notebook shows its report card; `plot()` draws the curves, `history` has the epochs.
    """

    run: Path
    model: Path | None
    metrics: dict[str, Any]
    evaluation: dict[str, Any] | None
    pictures: list[Path] = field(default_factory=list)
    failure: MlpcliError | None = None
    interrupted: Interrupted | None = None

    def score_table(self) -> tuple[list[str], list[list[str]]]:
        """The columns and rows of the table of scores, a row for each split; no rows where nothing was scored."""
        scores = self.metrics["scores"]
        splits = [name for name in ("train", "validation", "test") if name in scores]
        names = list(next(iter(scores.values()))) if splits else []  # of the part that was evaluated: the loss first
        rows = [
            [split, *(number(scores[split][name]) for name in names), f"{self.metrics['rows'][split]:,}"]
            for split in splits
        ]
        return ["split", *names, "rows"], rows

    def sentences(self) -> list[str]:
        """What is to be said below the table: the baseline, the best epoch, why it stopped, and how long it took."""
        metrics = self.metrics
        against = _against_baseline(self.evaluation or {}) if metrics["scores"] else ""
        said = [against] if against else []
        if metrics["scores"] and metrics["test_chose_the_epoch"]:
            said.append(OPTIMISTIC)
        if (calibration := metrics.get("calibration") or {}).get("temperature") is not None:
            said.append(what_changed(calibration))
        if (best := metrics.get("best_threshold") or {}).get("threshold") is not None:
            said.append(gained(best))
        said.append(f"{_best_epoch(metrics)}stopped: {metrics['stopped']}")
        rate = metrics["examples_per_second"]
        speed = f", {rate:,.0f} examples per second" if rate else ""
        return [*said, f"trained, scored and saved in {metrics['seconds']['total']:.1f} s{speed}"]

    def diagnoses(self) -> list[Diagnosis]:
        """What the numbers of the run say, the gravest first; nothing where it was interrupted or failed."""
        if self.failure is not None or self.interrupted is not None:
            return []
        return diagnose(read_record(self.run))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.metrics['name']}: {'; '.join(self.sentences()[:-1])}; run: {self.run}>"

    def _runs(self) -> Mapping[Any, Path]:
        return {self.metrics["name"]: self.run}

    def _baseline_rows(self, columns: list[str]) -> list[list[str]]:
        """A row for the table of scores: always the same answer, on the rows that were evaluated."""
        evaluation = self.evaluation or {}
        baseline = evaluation.get("baseline") or {}
        cells = [number(baseline[name]) if name in baseline else "" for name in columns[1:-1]]
        return [[f"{evaluation['split']}: {baseline['name']}", *cells, f"{evaluation['rows']:,}"]] if any(cells) else []

    def _repr_html_(self) -> str:
        """The report card: scores with the baseline, what they say, and the pictures in small."""
        from mlpcli.scoring.baselines import baseline_table

        columns_of_scores, scores = self.score_table()
        scores += self._baseline_rows(columns_of_scores)
        columns, rows, said = baseline_table(self.evaluation or {})
        said += [*self.sentences(), f"run: {self.run}", *([str(self.failure)] if self.failure is not None else [])]
        found = [str(diagnosis) for diagnosis in self.diagnoses()]
        return notebook.page(
            self.metrics["name"],
            notebook.table(columns_of_scores, scores),
            notebook.table(columns, rows),
            notebook.lines(said),
            notebook.remarks(found),
            notebook.small_pictures(self.pictures),
        )


OPTIMISTIC = "the best epoch was chosen on the test rows (data.validation: test), so the test score is optimistic"


def _best_epoch(metrics: dict[str, Any]) -> str:
    """`best epoch 7 of 20; `, with the epoch that was kept if it is another; "" if none is best.

    By what it is the best is said where the reason for stopping does not say it.
    """
    best, kept, monitor = metrics["best_epoch"], metrics["kept_epoch"], metrics["monitor"]
    if best is None:
        return ""
    by = "" if metrics["stopped"].startswith(monitor) else f" by {monitor}"
    return f"best epoch {best} of {metrics['epochs']}{by}" + (f", kept epoch {kept}; " if kept != best else "; ")


def _against_baseline(evaluation: dict[str, Any]) -> str:
    baseline = evaluation.get("baseline") or {}
    score = next((name for name in ("accuracy", "mae") if name in baseline), None)
    if score is None:
        return ""
    own, trivial = number(evaluation[score]), number(baseline[score])
    return f"{evaluation['split']} {score} {own}; baseline ({baseline['name']}): {trivial}"
