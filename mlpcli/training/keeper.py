"""When a checkpoint is written: after as many epochs as keep its cost within a share of the run's time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol, TypedDict, cast

from mlpcli.arrays import Array
from mlpcli.runs.checkpoint import Checkpoint, Checkpoints
from mlpcli.training.epoch_records import EpochRecords, LastGood
from mlpcli.training.stopping import AccuraciesMeetState, LowerRateState, StopEarlyState

SHARE = 0.02
"""Of the run's time, for checkpoints and the best model so far. Epochs since the last one are computed again."""
SaveModel = Callable[[list[Array], int, int], None]
"""Takes weights, the epoch they are from, and the number of epochs done."""


class LoopState(TypedDict):
    """Numbers, arrays, and dicts of them; the states of rules that the config does not ask for are None.

    `epochs` and `learning_rate` are the config's, which may be another when training goes on. The history is not in it:
    history.csv has it. best_weights of `stopping` are not copied.
    """

    done: int
    epochs: int
    learning_rate: float
    stopped: bool
    stopping: StopEarlyState | None
    equal: AccuraciesMeetState | None
    plateau: LowerRateState | None
    engine: Any


class KeptState(TypedDict):
    """The state of a checkpoint. config: the run's, as JSON. seconds: the run's so far. saved_epoch: of model.keras."""

    config: dict[str, Any]
    compiled: bool
    seconds: float
    saved_epoch: int | None
    loop: LoopState


_KINDS: dict[str, Any] = {
    "config": dict, "compiled": bool, "seconds": (int, float), "saved_epoch": (int, type(None)), "loop": dict,
}  # fmt: skip


def kept_state(checkpoint: Checkpoint) -> KeptState:
    """The state of a checkpoint that a `Keeper` wrote.

    Raises:
        ValueError: something else has written it, or an mlpcli of other keys.
    """
    state = checkpoint.state
    whole = all(isinstance(state.get(key), kind) for key, kind in _KINDS.items())
    if not whole or not state["loop"].keys() >= LoopState.__annotations__.keys():
        raise ValueError("it is not the state of a training")
    return cast("KeptState", state)


class KeptLoop(Protocol):
    """What is looked at after an epoch."""

    done: int
    stopping: Any
    records: EpochRecords
    guard: LastGood

    def get_state(self) -> LoopState:
        """Everything beside the config that the next epochs depend on."""


class Keeper:
    """Writes checkpoints, and the model with the best weights so far.

    The first good epoch is always kept, so that there is a model from then on; and so is the last, which a longer
    training goes on from.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        save_model: SaveModel,
        began: float,
        config: dict[str, Any],
        compiled: bool,
        earlier: Checkpoint | None,
    ) -> None:
        """Keep a training.

        Args:
            began: when the run did, of `time.perf_counter`.
            config: the run's, as JSON, with which that of a resumed run is compared.
            compiled: whether its epochs are, which stays so when it is resumed.
            earlier: the checkpoint that the training goes on from.
        """
        self.checkpoints, self.save_model, self.began = checkpoints, save_model, began
        self.config, self.compiled, self.earlier = config, compiled, earlier
        before = kept_state(earlier) if earlier is not None else None
        self.written = earlier.epoch if earlier is not None else 0
        self.saved_epoch, self.earlier_seconds = (
            (None, 0.0) if before is None else (before["saved_epoch"], float(before["seconds"]))
        )
        self.spent, self.times = 0.0, 0

    @property
    def seconds(self) -> float:
        """Since the run began, without the time between an interruption and its resumption."""
        return self.earlier_seconds + time.perf_counter() - self.began

    def look(self, loop: KeptLoop, last: bool = False) -> None:
        """Called after each good epoch, and again with `last` after the last.

        Raises:
            OutputError: the disk is full.
        """
        start = time.perf_counter()
        expected = self.spent / self.times if self.times else 0.0
        within = self.spent + expected <= SHARE * (start - self.began)
        if loop.done == self.written or not (within or last or not self.written):
            return
        self._write(loop, last)
        self.spent += time.perf_counter() - start
        self.times += 1

    def _write(self, loop: KeptLoop, last: bool) -> None:
        loop.records.sync()  # a checkpoint says how many rows there are
        state, stopping = loop.get_state(), loop.stopping
        best = best_weights = None
        if stopping is not None and stopping.best_weights is not None:
            best, best_weights = int(stopping.best_epoch) + 1, stopping.best_weights
        if state["stopping"] is not None:
            state["stopping"]["best_weights"] = None  # they have a file of their own
        epoch = best or loop.done
        if not last and epoch != self.saved_epoch:  # after the last epoch it is saved with its scores
            weights = best_weights if best_weights is not None else loop.guard.last_good
            assert weights is not None  # the epoch was good
            self.save_model(weights, epoch, loop.done)
            self.saved_epoch = epoch
        kept: KeptState = {
            "config": self.config,
            "compiled": self.compiled,
            "seconds": self.seconds,
            "saved_epoch": self.saved_epoch,
            "loop": state,
        }
        apart = None if best == loop.done else best_weights  # the state has those of the last epoch already
        self.checkpoints.write(Checkpoint(loop.done, {**kept}, best, apart))
        self.written = loop.done
