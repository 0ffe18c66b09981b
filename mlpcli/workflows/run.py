"""One run: its directory, its training, and everything written into it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli import __version__, backend
from mlpcli.arrays import Array
from mlpcli.config.schema import Config, best_epoch_rule
from mlpcli.config.yaml_writer import config_text
from mlpcli.data.dataset import Part, Splits, layout_of
from mlpcli.data.facts import fingerprint
from mlpcli.data.plane_inputs import plane_inputs
from mlpcli.data.streaming.disk_rows import on_disk
from mlpcli.errors import MlpcliError, OutputError
from mlpcli.files import write_json, write_text
from mlpcli.model.objective import loss_units
from mlpcli.model.plan import Prepared, planned_layers
from mlpcli.modelfile.card import layout_metadata
from mlpcli.modelfile.container import FRONT
from mlpcli.modelfile.saved_model import open_model
from mlpcli.modelfile.writer import PlannedModel, layer_json, save_model
from mlpcli.plotting.drawing_process import Drawing, taken
from mlpcli.runs import directory as run_directory
from mlpcli.runs.checkpoint import Checkpoint, Checkpoints
from mlpcli.runs.directory import describe_environment, write_split
from mlpcli.runs.plane import write_plane
from mlpcli.runs.snapshots import MOST_PARAMETERS, Snapshots
from mlpcli.scoring.calibration import Calibration, calibrate, with_temperature
from mlpcli.scoring.mistakes import WorstMistakes
from mlpcli.scoring.plane import plane_of
from mlpcli.scoring.predictor import check_reload
from mlpcli.scoring.probabilities import PROBABILITY_SCORES, gives_probabilities
from mlpcli.scoring.scores import evaluate_part, with_names
from mlpcli.scoring.thresholds import BestThreshold, choose_threshold
from mlpcli.training.engine_choice import EngineChoice, choose_engine, make_engine
from mlpcli.training.keeper import Keeper, kept_state
from mlpcli.training.layer_watch import LayerWatch
from mlpcli.training.loop import Outcome, fit_model, targets_of
from mlpcli.training.progress import Interrupted, Progress, Pruned, noted_interruptions
from mlpcli.workflows.tracking import tracked
from mlpcli.workflows.train_result import TrainResult

if TYPE_CHECKING:
    from mlpcli.keras_engine.keras_epochs import KerasEngine
    from mlpcli.keras_engine.team import Team
    from mlpcli.numpy_engine.numpy_epochs import NumpyEngine
    from mlpcli.plotting.style import Drawn


@dataclass
class Run:
    """A run directory, held for this process, with the model to be trained.

    earlier: the checkpoint that training goes on from. calibration, best_threshold: of the kept weights, once there
    are some. holding: ends when the run does.
    """

    config: Config
    prepared: Prepared
    path: Path
    engine: NumpyEngine | KerasEngine
    started: float
    fingerprint: str
    environment: dict[str, Any] = field(default_factory=dict)
    earlier: Checkpoint | None = None
    calibration: Calibration | None = None
    best_threshold: BestThreshold | None = None
    holding: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def create(
        cls,
        config: Config,
        prepared: Prepared,
        make_directory: Callable[[], Path],
        command: list[str],
        callbacks: Sequence[Any] = (),
        made: bool = True,
        known: dict[str, Any] | None = None,
        team: Team | None = None,
        runs: int = 1,
    ) -> Run:
        """Build the model, then make the directory, so that a failed build leaves nothing behind.

        Args:
            made: whether the directory was not there before.
            known: the environment of an earlier run of this process with the same data, of which nothing is found out
                again.
            team: the workers that train together; this process is their chief.
            runs: of a series that begins with this one. What is compiled because they are many is `resident` in the
                config of each, so that it repeats its run.
        """
        started = time.perf_counter()
        engine = make_engine(config, prepared, callbacks, team)
        path = make_directory()
        with ExitStack() as holding:
            holding.enter_context(run_directory.held(path))
            with run_directory.removed_if_failed(path, made):
                data = known["data_fingerprint"] if known else fingerprint(prepared.source, prepared.splits)
                run = cls(config, prepared, path, engine, started, data)
                if run.engine_of(runs).compiled != run.choice.compiled:
                    run.config = always_compiled(config)
                now = run_directory.now()
                run.environment = (
                    {**known, "started": now} if known else describe_environment(command, engine.devices, data)
                )
                run.write_inputs()
            run.holding = holding.pop_all()
        return run

    def write_inputs(self) -> None:
        """What the run is made from: config.yaml, environment.json and split.npz.

        Raises:
            OutputError: the disk is full.
        """
        write_text(self.path / run_directory.CONFIG, config_text(_to_repeat(self.config, self.prepared)))
        write_json(self.path / run_directory.ENVIRONMENT, self.environment)
        write_split(self.path / run_directory.SPLIT, self.prepared.splits)

    def train(self, progress: Progress, verbose: bool = False, noted: list[Interrupted] | None = None) -> TrainResult:
        """Fit, save, reload, score and draw; a signal ends only the fitting.

        noted: where the caller notes signals itself; the first of them is the run's.

        Raises:
            OutputError: the disk is full; the run can be resumed.
        """
        if verbose:
            progress.note(f"engine: {self.choice}")
        signals = noted_interruptions() if noted is None else nullcontext(noted)
        before, batch_size = self.earlier.epoch if self.earlier is not None else 0, self.prepared.plan.batch_size
        tracking = tracked(self.config, self.path, batch_size, before, progress)
        with self.holding, self._resumable(), signals as noted, tracking as told:
            told.result = self._train(told, noted)
            return told.result

    def try_out(
        self, progress: Progress, noted: list[Interrupted], keeps: Callable[[int], bool], left_out: set[str]
    ) -> TrainResult:
        """Fit as one trial of a search: without checkpoints and pictures, and never scored on the test rows.

        noted: as of `train`. keeps: whether the model of this epoch is kept, in a file. left_out: trackers that have
        failed before, to which those are added that fail now.

        Raises:
            OutputError: the disk is full.
        """
        tracking = tracked(self.config, self.path, self.prepared.plan.batch_size, 0, progress, left_out)
        with self.holding, backend.out_of_memory(), tracking as told:
            outcome = fit_model(self.engine, self.path, told, noted, self.choice.compiled)
            result: dict[str, Any] = {"scores": {}, "evaluation": None, "mistakes": None}
            model = None
            if outcome.kept_epoch is not None and outcome.interrupted is None and outcome.failure is None:
                self.calibration = self._calibrate(progress)
                self.best_threshold = self._choose_threshold(progress)
                result = self._score(("validation", "train"))
                if keeps(outcome.kept_epoch):
                    model = self._save(outcome, result["scores"])
            seconds = {"total": time.perf_counter() - self.started, "checkpoints": 0.0}
            metrics = self._write_results(outcome, result, seconds)
            failure, interrupted = outcome.failure, outcome.interrupted
            tried = TrainResult(self.path, model, metrics, result["evaluation"], [], failure, interrupted)
            told.result = replace(tried, model=None)  # a tracker gets the model of the best alone, with its seeds
        return tried

    @contextmanager
    def _resumable(self) -> Iterator[None]:
        try:
            with backend.out_of_memory():
                yield
        except MlpcliError as error:
            if (self.path / run_directory.CONFIG).is_file():  # somebody may have removed it
                error.run = self.path
            raise

    def _train(self, progress: Progress, noted: list[Interrupted]) -> TrainResult:
        import h5py  # noqa: F401 - the end needs it; imported during the first checkpoint, it would count as its cost

        choice, checkpoints = self.choice, Checkpoints(self.path)
        config = self.config.model_dump(mode="json")
        keeper = Keeper(checkpoints, self._save_unfinished, self.started, config, choice.compiled, self.earlier)
        layers = LayerWatch(self.path, self.prepared)
        layers.start(self.engine.model.get_weights(), self.earlier is not None)
        snapshots = self._snapshots()
        outcome = fit_model(self.engine, self.path, progress, noted, choice.compiled, keeper, snapshots)
        result: dict[str, Any] = {"scores": {}, "evaluation": None, "mistakes": None}
        model_path = None
        if outcome.kept_epoch is not None:
            if snapshots is not None:
                with suppress(OutputError):  # what is drawn from them must not cost the model, which is saved next
                    snapshots.finish(outcome.kept_epoch, self.engine.model.get_weights())
            self.calibration = self._calibrate(progress)
            self.best_threshold = self._choose_threshold(progress)
            result = self._score()
            model_path = self._save(outcome, result["scores"])
            layers.end(self.engine.model.get_weights())
            self._write_plane(model_path)
        metrics = self._write_results(outcome, result, {"total": keeper.seconds, "checkpoints": keeper.spent})
        pictures = self._draw(progress) if outcome.history else []
        interrupted = noted[0] if noted else None
        return TrainResult(self.path, model_path, metrics, result["evaluation"], pictures, outcome.failure, interrupted)

    def _snapshots(self) -> Snapshots | None:
        """Of a network of two inputs that is small enough for pictures of how it learnt."""
        plan = self.prepared.plan
        parameters = plan.trainable + plan.non_trainable
        if parameters > MOST_PARAMETERS or plane_inputs(layout_of(self.prepared.source)) is None:
            return None
        return Snapshots(self.path, parameters)

    def _write_plane(self, model: Path) -> None:
        """What the saved model says to the whole plane of two inputs; nothing where there are others."""
        if plane_inputs(layout_of(self.prepared.source)) is not None:
            plane = plane_of(open_model(model), self.prepared.splits)
            if plane is not None:
                write_plane(self.path, plane)

    def engine_of(self, runs: int) -> EngineChoice:
        """How the epochs would run, of which so many runs of this config follow each other."""
        training, plan = self.config.training, self.prepared.plan
        steps = -(-len(self.prepared.splits.train) // plan.batch_size)
        convolutions, replicas = plan.has_convolutions, self.engine.replicas
        values = plan.batch_size * math.prod(plan.input_shape)
        return choose_engine(training, steps, len(plan.layers), plan.trainable, convolutions, replicas, values, runs)

    @property
    def choice(self) -> EngineChoice:
        """How the epochs run."""
        choice = self.engine_of(1)
        if self.engine.replicas > 1:
            return choice
        before = kept_state(self.earlier)["compiled"] if self.earlier is not None else choice.compiled
        if before == choice.compiled:
            return choice
        return replace(choice, compiled=before, reason="as before the run was resumed")

    def _calibrate(self, progress: Progress) -> Calibration | None:
        """Divide the output layer by its temperature, where the config asks for it; checkpoints have it as trained."""
        splits = self.prepared.splits
        if self.config.output.calibration is None or splits.validation is None:
            return None
        output = self.prepared.plan.output.size
        row_logits = math.prod(output.output_shape)
        found = calibrate(self.engine.predictor(), splits.validation, validation_name(splits), row_logits)
        if found.warning is not None:
            progress.note(f"note: {found.warning}")
        if found.temperature is not None:
            model, own = self.engine.model, len(output.weights)
            model.set_weights(with_temperature(model.get_weights(), own, found.temperature))
        return found

    def _choose_threshold(self, progress: Progress) -> BestThreshold | None:
        """The best threshold for what the config asks for, of the model that is saved."""
        splits, plan, goal = self.prepared.splits, self.prepared.plan, self.config.output.threshold
        if goal is None or splits.validation is None or plan.class_names is None:
            return None
        name, positive = validation_name(splits), plan.class_names[1]
        found = choose_threshold(self.engine.predictor(), splits.validation, goal, name, positive, plan.threshold)
        if found.warning is not None:
            progress.note(f"note: {found.warning}")
        return found

    def _score(self, scored: Sequence[str] = ("test", "validation", "train")) -> dict[str, Any]:
        """Score these parts with the kept weights, and evaluate the first of them that there is."""
        plan, splits = self.prepared.plan, self.prepared.splits
        predictor = self.engine.predictor()
        known = {**plan.as_metadata(), "probabilities": gives_probabilities(*plan.outputs), **self._calibrated()}
        chosen = with_names(known, self.config.data.targets, self.prepared.source)
        scores: dict[str, Any] = {}
        evaluation = mistakes = None
        train_targets = splits.train.y[splits.train.indices]
        for name in scored:
            part = parts(self.prepared)[name]
            if part is None:
                continue
            if evaluation is None:
                worst = WorstMistakes.of(chosen)
                evaluation = evaluate_part(predictor, chosen, part, name, train_targets, worst)
                if worst is not None:
                    mistakes = worst.as_json(part, layout_of(self.prepared.source), name)
                scores[name] = {"loss": evaluation["loss"], **evaluation["metrics"]}
            elif name == "validation" and part is splits.test:
                scores[name] = scores["test"]
            else:
                scores[name] = predictor.losses(part, targets_of(self.prepared, part))
        return {"scores": scores, "evaluation": evaluation, "mistakes": mistakes}

    def _save_unfinished(self, weights: list[Array], epoch: int, epochs: int) -> None:
        """Save the best weights so far, while the model in training has others; no engine is needed for it."""
        config, prepared = self.config, self.prepared
        plan, target = prepared.plan, prepared.target_scaling
        layers = planned_layers(plan, prepared.scaling, target)
        loss_weight = loss_units(plan.loss.tag, plan.target_scaling, target).weight
        optimizer = self.engine.optimizer_variables()
        model = PlannedModel(plan, config.training, layers, loss_weight, weights, optimizer)
        save_model(model, self.path / config.output.model, {**self._metadata(epoch, {}), "unfinished": epochs})

    def _calibrated(self) -> dict[str, Any]:
        """What metadata and evaluation say of the temperature; nothing where the output layer is as trained."""
        if self.calibration is None or self.calibration.temperature is None:
            return {}
        return {"calibration": self.calibration.as_metadata()}

    def _metadata(self, kept_epoch: int | None, scores: dict[str, Any]) -> dict[str, Any]:
        return model_metadata(self.config, self.prepared, kept_epoch, scores, self.fingerprint, self.environment)

    def _save(self, outcome: Outcome, scores: dict[str, Any]) -> Path:
        path = self.path / self.config.output.model
        metadata = {**self._metadata(outcome.kept_epoch, scores), **self._calibrated()}
        if self.best_threshold is not None and self.best_threshold.threshold is not None:
            metadata["best_threshold"] = self.best_threshold.as_metadata()
        save_model(self.engine.to_save(), path, metadata)
        self._check_saved(path, scores)
        return path

    def _check_saved(self, path: Path, scores: dict[str, Any]) -> None:
        """Load the file, and compare what it makes of the rows that were scored first; of very many, of some."""
        name, expected = next(iter(scores.items()))
        part = parts(self.prepared)[name]
        assert part is not None  # it was scored
        if len(part) > MOST_CHECKED:
            part = replace(part, indices=part.indices[:MOST_CHECKED])
            expected = self.engine.predictor().losses(part, targets_of(self.prepared, part))
        check_reload(path, self.prepared.plan.as_metadata(), part, expected, self.choice.engine)

    def _write_results(self, outcome: Outcome, result: dict[str, Any], seconds: dict[str, float]) -> dict[str, Any]:
        """Write metrics.json and evaluation.json; returns the content of the first."""
        metrics = run_metrics(self.config, self.prepared, outcome, result, seconds, self.choice)
        leaks = [finding for finding in self.prepared.look.findings if finding.topic == "leak"]
        if leaks:
            metrics["leaks"] = [{"text": leak.text, "advice": leak.advice} for leak in leaks]
        if self.calibration is not None:
            metrics["calibration"] = self.calibration.as_json()
        if self.best_threshold is not None:
            metrics["best_threshold"] = self.best_threshold.as_json()
        write_json(self.path / run_directory.METRICS, metrics)
        if result["evaluation"] is not None:
            write_json(self.path / run_directory.EVALUATION, result["evaluation"])
        if result["mistakes"] is not None:
            write_json(self.path / run_directory.MISTAKES, result["mistakes"])
        return metrics

    def _draw(self, progress: Progress) -> list[Path]:
        """The pictures; none of one of several runs, which may be drawn while the next one is trained.

        Trackers get them, so that a run that has some waits.
        """
        output = self.config.output
        if not output.plots:
            return []
        drawing = Drawing.begin(self.path, output.plots)
        return taken(drawing, lambda: draw_if_possible(drawing.result, self.path, progress), now=bool(output.trackers))


MOST_CHECKED = 1 << 16
"""Rows that a saved model is asked about: a file that is not the model that was saved is wrong about these, too."""


def draw_if_possible(draw: Callable[[], Drawn], path: Path, progress: Progress) -> list[Path]:
    """Draw the pictures, last of all: a failure, for whatever reason, becomes a note."""
    try:
        drawn = draw()
    except Exception as error:
        progress.note(f"warning: the plots could not be drawn: {error}; try mlpcli plot {path}")
        return []
    for note in drawn.notes:
        progress.note(note)
    return drawn.paths


def always_compiled(config: Config) -> Config:
    """The config with training.engine: resident."""
    return config.model_copy(update={"training": config.training.model_copy(update={"engine": "resident"})})


def _to_repeat(config: Config, prepared: Prepared) -> Config:
    """The config with data.streaming as decided, since streamed rows are drawn in another way."""
    if prepared.source.preprocessing is None:
        return config
    streaming = "always" if on_disk(prepared.source.train.x) else "never"
    return config.model_copy(update={"data": config.data.model_copy(update={"streaming": streaming})})


def run_metrics(
    config: Config,
    prepared: Prepared,
    outcome: Outcome,
    result: dict[str, Any],
    seconds: dict[str, float],
    engine: EngineChoice,
) -> dict[str, Any]:
    """The content of metrics.json.

    seconds: total, since the data was loaded, of all processes together; checkpoints: spent on them in this process.
    """
    epochs, rows = len(outcome.history.get("epoch", [])), len(prepared.splits.train)
    fit_seconds = sum(outcome.history.get("seconds", []))
    evaluation = result["evaluation"] or {}
    return {
        "name": config.name,
        "epochs": epochs,
        "monitor": outcome.monitor,
        "best_epoch": outcome.best_epoch,
        "kept_epoch": outcome.kept_epoch,
        "outcome": _outcome(outcome),
        "stopped": outcome.stopped,
        "scores": result["scores"],
        "baseline": evaluation.get("baseline"),
        "probabilities": {name: evaluation[name] for name in PROBABILITY_SCORES if name in evaluation} or None,
        "test_chose_the_epoch": test_chose_the_epoch(config, prepared),
        "rows": {name: len(part) if part is not None else 0 for name, part in parts(prepared).items()},
        "parameters": {"trainable": prepared.plan.trainable, "non_trainable": prepared.plan.non_trainable},
        "seconds": {**seconds, "epochs": fit_seconds},
        "examples_per_second": epochs * rows / fit_seconds if fit_seconds > 0 else None,
        "engine": asdict(engine),
        "chosen": chosen(prepared),
    }


def _outcome(outcome: Outcome) -> str:
    if outcome.failure:
        return "failed"
    if isinstance(outcome.interrupted, Pruned):
        return "pruned"
    return "interrupted" if outcome.interrupted else "finished"


def model_metadata(
    config: Config,
    prepared: Prepared,
    kept_epoch: int | None,
    scores: dict[str, Any],
    fingerprint: str,
    environment: dict[str, Any],
) -> dict[str, Any]:
    """What travels inside the model file."""
    return {
        "version": __version__,
        "name": config.name,
        "config": config.model_dump(mode="json"),
        "plan": prepared.plan.as_metadata(),
        "layer_names": [layer.name for layer in prepared.plan.layers[prepared.plan.left_out :]],
        **_front(prepared),
        "data": {
            "fingerprint": fingerprint,
            **layout_metadata(prepared.source),
            "rows": {name: len(part) if part is not None else 0 for name, part in parts(prepared).items()},
        },
        "scores": scores,
        "kept_epoch": kept_epoch,
        "versions": environment["versions"],
    }


def _front(prepared: Prepared) -> dict[str, Any]:
    """The layers that stay out of the file, for `mlpcli.modelfile.front`; nothing where all are in it."""
    plan = prepared.plan
    layers = planned_layers(plan, prepared.scaling, prepared.target_scaling)[: plan.left_out]
    return {FRONT: [layer_json(layer) for layer in layers]} if layers else {}


def validation_name(splits: Splits) -> str:
    """What the validation rows are called: those of `data.validation: test` are the test rows."""
    return "test" if splits.validation is splits.test else "validation"


def test_chose_the_epoch(config: Config, prepared: Prepared) -> bool:
    """Whether the best epoch was chosen on the test rows; their score then is too optimistic."""
    same = prepared.splits.test is not None and prepared.splits.validation is prepared.splits.test
    return same and bool(best_epoch_rule(config) or config.training.stop_when_equal)


def parts(prepared: Prepared) -> dict[str, Part | None]:
    """The parts of the data by name."""
    return {"train": prepared.splits.train, "validation": prepared.splits.validation, "test": prepared.splits.test}


def chosen(prepared: Prepared) -> dict[str, Any]:
    """What was chosen for each `auto` of the config."""
    plan = prepared.plan
    activation, units = plan.outputs
    return {
        "task": plan.task,
        "scaling": plan.scaling,
        "target_scaling": plan.target_scaling,
        "loss": plan.loss.tag,
        "metrics": plan.metric_names,
        "batch_size": plan.batch_size,
        "learning_rate_schedule": plan.schedule.model_dump() if plan.schedule is not None else None,
        "output": {"units": units, "activation": activation},
    }
