"""When a checkpoint is written: after as many epochs as keep its cost within a share of the run's time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from mlpcli.arrays import Array
from mlpcli.runs.checkpoint import Checkpoint, Checkpoints
from mlpcli.training.epoch_records import EpochRecords, LastGood

SHARE = 0.02
"""Of the run's time, for checkpoints and the best model so far. Epochs since the last one are computed again."""
SaveModel = Callable[[list[Array], int, int], None]
"""Takes weights, the epoch they are from, and the number of epochs done."""


class KeptLoop(Protocol):
    """What is looked at after an epoch."""

    done: int
    stopping: Any
    records: EpochRecords
    guard: LastGood

    def get_state(self) -> Any:
        """See `mlpcli.training.loop.LoopState`."""


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
        about: dict[str, Any],
        earlier: Checkpoint | None,
    ) -> None:
        """Keep a training.

        Args:
            began: when the run did, of `time.perf_counter`.
            about: what a resumed run has to know beside the state of the loop.
            earlier: the checkpoint that the training goes on from.
        """
        self.checkpoints, self.save_model, self.began, self.about = checkpoints, save_model, began, about
        self.earlier = earlier
        self.written = earlier.epoch if earlier is not None else 0
        self.saved_epoch = earlier.state["saved_epoch"] if earlier is not None else None
        self.spent, self.times = 0.0, 0

    @property
    def seconds(self) -> float:
        """Since the run began, without the time between an interruption and its resumption."""
        earlier = self.earlier.state["seconds"] if self.earlier is not None else 0.0
        return float(earlier) + time.perf_counter() - self.began

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
        loop.records.writer.sync()  # a checkpoint says how many rows there are
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
        kept = {**self.about, "seconds": self.seconds, "saved_epoch": self.saved_epoch, "loop": state}
        apart = None if best == loop.done else best_weights  # the state has those of the last epoch already
        self.checkpoints.write(Checkpoint(loop.done, kept, best, apart))
        self.written = loop.done
