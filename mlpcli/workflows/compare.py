"""`mlpcli compare`: what differs between runs, their scores, which is the best, and whether by more than the noise."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpcli.errors import UserError
from mlpcli.language import say, term
from mlpcli.runs import directory as run_directory
from mlpcli.runs.diagnoses import NORMAL
from mlpcli.runs.run_labels import differing_settings, flatten
from mlpcli.runs.run_summary import PARTS, RunSummary, Score, read_summary
from mlpcli.text import listed, number, plural
from mlpcli.workflows import notebook
from mlpcli.workflows.trained_runs import TrainedRuns

SAME_ROWS = (
    "data.source", "data.target", "data.task", "data.test", "data.validation", "data.limit", "data.missing",
    "data.folds.group", "data.folds.time", "data.generate.rows", "data.generate.noise", "data.generate.seed",
)  # fmt: skip
"""Keys that say which rows are learnt and scored; others of the section say how they are encoded."""
MOST_NAMED = 3
"""Runs without scores, of the same state, that are named one by one."""


@dataclass(frozen=True, repr=False)
class Comparison(TrainedRuns):
    """Several runs side by side. A notebook shows the table; `plot()` draws the curves, `history` has the epochs.

    runs: the best one first where they can be ranked, else as given. settings: what differs, key to a value for each
    run. part: the rows that the scores are of; None if the runs have no part in common. scores: metric to a score for
    each run, None where one is missing. best: metric to the positions of the best runs; empty where they are not
    ranked. ranked_by: the metric. notes: why runs are not ranked, and whether the best one's lead is larger than the
    noise.
    """

    runs: tuple[RunSummary, ...]
    labels: tuple[str, ...]
    settings: dict[str, list[str]]
    part: str | None
    scores: dict[str, list[Score | None]]
    best: dict[str, tuple[int, ...]]
    ranked_by: str | None
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For other programs: `best` counts from 0, in the order of `runs`."""
        return {
            "part": self.part,
            "ranked_by": self.ranked_by,
            "best": {metric: list(places) for metric, places in self.best.items()},
            "runs": [self._run_as_json(place) for place in range(len(self.runs))],
            "notes": list(self.notes),
        }

    def _run_as_json(self, place: int) -> dict[str, Any]:
        run = self.runs[place]
        scores = {metric: found[place] for metric, found in self.scores.items()}
        return {
            **run.as_json(),
            "settings": {key: values[place] for key, values in self.settings.items()},
            "scores": {metric: score and score.as_json() for metric, score in scores.items()},
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {plural(len(self.runs), 'run', 'runs')}: {'; '.join(self.notes)}>"

    def _runs(self) -> Mapping[Any, Path]:
        """The runs of a series each."""
        found: dict[Any, Path] = {}
        for label, run in zip(self.labels, self.runs, strict=True):
            members = run_directory.member_folders(run.path)
            found |= {f"{label}, {member.name}": member for member in members} or {label: run.path}
        return found

    def _repr_html_(self) -> str:
        columns, rows = cells(self)
        return notebook.page("", notebook.table(columns, rows), notebook.lines(list(self.notes)))


def compare(run_dirs: Sequence[Path | str]) -> Comparison:
    """Compare runs, folders of `train --seeds` and `--folds`, or all runs in a folder, from their files alone.

    Raises:
        UserError: fewer than two runs.
        RunDirectoryError: a folder is not a run directory, or has a damaged file.
    """
    from mlpcli.plotting.run_plots import distinct_names

    paths = runs_in(run_dirs)
    if len(paths) < 2:
        found = f"{paths[0]} alone" if paths else "no run"
        raise UserError(f"{found} cannot be compared; give two runs or more, or a folder that holds them, such as runs")
    runs = [read_summary(path) for path in paths]
    names = dict(zip(paths, distinct_names(paths), strict=True))
    part = next((part for part in PARTS if all(part in run.scores for run in runs if run.part)), None)
    scored = [run for run in runs if part and part in run.scores]
    metrics, unlike = _metrics(scored, part), _why_unlike(scored)
    ranked_by = metrics[0] if metrics and len(scored) > 1 and not unlike else None
    notes = _without_scores([run for run in runs if run not in scored])
    if unlike:
        notes.append(say("not ranked: {why}", why=unlike))
    if ranked_by is not None:
        rising = rises(ranked_by, runs)
        runs.sort(key=lambda run: _key(_score(run, part, ranked_by), rising))
        notes.append(_lead(runs, names, part or "", ranked_by, rising))
    scores = {metric: [_score(run, part, metric) for run in runs] for metric in metrics}
    left_out = ("seed",) if any(run.seeds * run.folds > 1 for run in runs) else ()
    return Comparison(
        tuple(runs),
        tuple(names[run.path] for run in runs),
        differing_settings([run.config for run in runs], left_out),
        part,
        scores,
        {} if ranked_by is None else {name: _best(found, rises(name, runs)) for name, found in scores.items()},
        ranked_by,
        tuple(notes),
    )


def _without_scores(runs: Sequence[RunSummary]) -> list[str]:
    """Each, or how many there are of a state, as a sweep has dozens of pruned ones."""
    notes = []
    for state in dict.fromkeys(run.state for run in runs):
        of_state = [run for run in runs if run.state == state]
        if len(of_state) > MOST_NAMED:
            notes.append(say("{count:,} runs: {state}, without scores", count=len(of_state), state=term(state)))
        else:
            notes += [say("{run}: {state}, without scores", run=run.path, state=term(state)) for run in of_state]
    return notes


def runs_in(given: Sequence[Path | str]) -> list[Path]:
    """Runs, and series of seeds or folds, themselves; of a sweep its trials, of any other folder the runs in it."""
    return list(dict.fromkeys(path for place in given for path in _runs_of(Path(place))))


def _runs_of(path: Path) -> list[Path]:
    if (path / run_directory.CONFIG).is_file() or run_directory.holds_series(path):
        return [path]
    if run_directory.holds_sweep(path):
        return run_directory.run_directories(path / run_directory.TRIALS)
    found = {*run_directory.run_directories(path), *run_directory.runs_of_grids(path)}
    return sorted(found) or [path]


def _why_unlike(runs: Sequence[RunSummary]) -> str:
    """Why the scores are of different rows, or ""."""
    for other in runs[1:]:
        first = runs[0]
        pair = {"first": first.path, "other": other.path}
        if first.seeds != other.seeds:
            return say(
                "{first} has {seeds:,} seed and {other} {others}"
                if first.seeds == 1
                else "{first} has {seeds:,} seeds and {other} {others}",
                seeds=first.seeds,
                others=other.seeds,
                **pair,
            )
        if first.folds != other.folds:
            return say(
                "{first} and {other} have different numbers of folds ({folds:,} and {others:,})",
                folds=first.folds,
                others=other.folds,
                **pair,
            )
        ours, theirs = (_data_settings(run.config) for run in (first, other))
        rows = [key for key in SAME_ROWS if ours.get(key) != theirs.get(key)]
        if rows:
            return say(
                "{first} and {other} differ in {keys}, so their scores are of different rows", keys=listed(rows), **pair
            )
        if sorted(first.parts) != sorted(other.parts) or not first.parts:
            return say("{first} and {other} have different rows in their parts; train both with the same seed", **pair)
        if ours == theirs and first.data != other.data:
            return say("the data has changed between {first} and {other}; train the older one again", **pair)
    return ""


def _data_settings(config: Mapping[str, Any]) -> dict[str, str]:
    return {key: value for key, value in flatten(config).items() if key.startswith("data.")}


def _metrics(runs: Sequence[RunSummary], part: str | None) -> list[str]:
    """Those that all runs have, in the order of the first; the loss last, and only where all have the same one."""
    if not runs or part is None:
        return []
    names = [name for name in runs[0].scores[part] if all(name in run.scores[part] for run in runs)]
    losses = {str(flatten(run.config).get("training.loss")) for run in runs}
    rest = [name for name in names if name != "loss"]
    return [*rest, "loss"] if "loss" in names and len(losses) == 1 else rest


def rises(metric: str, runs: Sequence[RunSummary]) -> bool:
    """Whether more is better. Of a metric that the user named, the config says which one it is."""
    from mlpcli.config.metrics import METRICS

    tags = {metric} | {tag for run in runs for tag in _named(metric, run.config)}
    return any(bool(known.higher_is_better) for known in METRICS if any(known.called(tag) for tag in tags))


def _named(metric: str, config: Mapping[str, Any]) -> Iterable[str]:
    """The kinds of metric to which the config gives this name: `metrics: [{auc: {name: mine}}]`."""
    training = config.get("training")
    given = training.get("metrics") if isinstance(training, dict) else None
    for entry in given if isinstance(given, list) else []:
        for tag, arguments in entry.items() if isinstance(entry, dict) else ():
            if isinstance(arguments, dict) and arguments.get("name") == metric:
                yield str(tag)


def _score(run: RunSummary, part: str | None, metric: str) -> Score | None:
    return run.scores.get(part or "", {}).get(metric)


def _key(score: Score | None, rising: bool) -> float:
    """By which the best score sorts first, and a missing one last."""
    return math.inf if score is None else -score.mean if rising else score.mean


def _best(scores: Sequence[Score | None], rising: bool) -> tuple[int, ...]:
    keys = [_key(score, rising) for score in scores]
    return tuple(place for place, key in enumerate(keys) if key == min(keys))


STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""The 97.5 % points of Student's t for 1 to 30 degrees of freedom; beyond, 1.96 is near enough."""


def _lead(runs: Sequence[RunSummary], names: Mapping[Path, str], part: str, metric: str, rising: bool) -> str:
    """How far the best run leads, and whether that is more than chance gives (95 %)."""
    first, second = (run.scores[part][metric] for run in runs[:2])
    lead = first.mean - second.mean if rising else second.mean - first.mean
    told = {"part": term(part), "metric": term(metric), "best": names[runs[0].path], "other": names[runs[1].path]}
    if lead == 0:
        return say("best by {part} {metric}: {best}, level with {other}", **told)
    noise, why = _noise(first, second, metric, runs[0], part)
    if noise is None:
        return say(
            "best by {part} {metric}: {best}; it leads {other} by {lead}; whether that is more than noise, one run each"
            " cannot tell: train with --seeds 5",
            lead=number(lead),
            **told,
        )
    return say(
        "best by {part} {metric}: {best}; it leads {other} by {lead}, more than the noise (± {noise}, {why})"
        if lead > noise
        else "best by {part} {metric}: {best}; it leads {other} by {lead}, within the noise (± {noise}, {why})",
        lead=number(lead),
        noise=number(noise),
        why=why,
        **told,
    )


def _noise(first: Score, second: Score, metric: str, run: RunSummary, part: str) -> tuple[float | None, str]:
    """Half the width of the 95 % interval of a difference, and what it is from; None where nothing is known.

    Seeds are compared in pairs (Student's t), and so are folds, whose runs share most of their training rows: their
    variance is corrected as by Nadeau and Bengio (2003). Two accuracies of single runs: their binomial spread over the
    rows, as if these were other rows for each run, so that it is rather too wide. run: either of the two, scored on the
    rows of `part`.
    """
    if len(first.values) > 1:
        differences = [a - b for a, b in zip(first.values, second.values, strict=True)]
        count = len(differences)
        quantile = STUDENT[count - 2] if count - 1 <= len(STUDENT) else NORMAL
        if run.folds > 1:
            shared = run.rows.get("test", 0) / ((run.rows.get("train", 0) + run.rows.get("validation", 0)) or 1)
            error = statistics.stdev(differences) * math.sqrt(1 / count + shared)
            return quantile * error, say("95 %, {count} folds in pairs", count=count)
        error = statistics.stdev(differences) / math.sqrt(count)
        return quantile * error, say("95 %, {count} seeds in pairs", count=count)
    rows = run.rows.get(part, 0)
    if rows and (metric == "acc" or metric.endswith("accuracy")):
        variance = sum(score.mean * (1 - score.mean) for score in (first, second)) / rows
        return NORMAL * math.sqrt(variance), say("95 %, {rows:,} rows", rows=rows)
    return None, ""


def cells(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """The table as texts: names of columns, and a row for each run; a star stands behind the best of a column."""
    columns = [say("run"), *comparison.settings, *map(term, comparison.scores), say("best epoch"), say("seconds")]
    rows = []
    for place, run in enumerate(comparison.runs):
        scores = [
            _cell(found[place], place in comparison.best.get(metric, ())) for metric, found in comparison.scores.items()
        ]
        settings = [values[place] for values in comparison.settings.values()]
        seconds = "" if run.seconds is None else f"{run.seconds:.1f}"
        rows.append([comparison.labels[place], *settings, *scores, run.best, seconds])
    return columns, rows


def _cell(score: Score | None, is_best: bool) -> str:
    return "" if score is None else f"{score} *" if is_best else str(score)
