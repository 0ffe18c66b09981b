"""TensorBoard's event files, with the tags of Keras's callback of that name; TensorFlow is not needed for them.

tensorboard's own EventFileWriter imports TensorFlow where it is installed, so that only its records and messages are
used here.
"""

from __future__ import annotations

import os
import shlex
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlpcli.trackers.tracker import Ending, Row, TrackedRun, columns_of, ends_of

FOLDER = "tensorboard"
EVENTS = "events.out.tfevents."
VALIDATION = "val_"
REPEATED = ("seed", "data.folds.held_out")
"""Parameters in which the runs of a series differ, which are one row of the table of hyperparameters."""


class TensorboardTracker:
    """Files in RUN/tensorboard: train/ and validation/ for the epochs, and beside them parameters, scores, pictures.

    A resumed run writes all of them anew, from history.csv.
    """

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self.place = ""
        self.files: dict[str, EventFile] = {}

    def begin(self, run: TrackedRun) -> int:
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        folder = run.path / FOLDER
        self.place = f"tensorboard --logdir {shlex.quote(str(run.home))} shows it"
        for old in folder.rglob(f"{EVENTS}*"):
            old.unlink()
        self.files = {part: EventFile(folder / part) for part in ("", "train", "validation")}
        trial = run.group if run.repeats and run.group is not None else run.name
        shown = {name: value for name, value in run.parameters.items() if not (run.repeats and name in REPEATED)}
        self.files[""].add(hparams_pb(shown, trial_id=trial), 0)
        return 0

    def epochs(self, rows: Sequence[Row]) -> None:
        for row, ended in zip(rows, ends_of(rows), strict=True):
            for column, value in columns_of(row).items():
                part = self.files["validation" if column.startswith(VALIDATION) else "train"]
                part.scalar(f"epoch_{column.removeprefix(VALIDATION)}", value, int(row["epoch"]) - 1, ended)
        for file in self.files.values():
            file.flush()

    def end(self, ending: Ending) -> None:
        main, step = self.files[""], (ending.kept_epoch or 1) - 1
        for split, scores in ending.scores.items():
            for name, value in scores.items():
                main.scalar(f"{split}_{name}", value, step)
        for picture in ending.pictures:
            if picture.suffix == ".png":
                main.picture(picture, step)
        main.add(_session_end(ending.outcome), 0)
        for file in self.files.values():
            file.flush()


class EventFile:
    """One of TensorBoard's event files, made with its first event, since an empty one would be shown as a run."""

    def __init__(self, folder: Path) -> None:
        # TensorBoard reads the files of a folder in the order of their names.
        self.path = folder / f"{EVENTS}{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.v2"
        self._waiting: list[Any] = []

    def add(self, summary: Any, step: int, at: float | None = None) -> None:
        """Append a Summary at the next `flush`. at: seconds since 1970; default: now."""
        from tensorboard.compat.proto.event_pb2 import Event

        self._waiting.append(Event(wall_time=time.time() if at is None else at, step=step, summary=summary))

    def scalar(self, tag: str, value: float, step: int, at: float | None = None) -> None:
        """Append a number, as `tf.summary.scalar` does."""
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        self.add(scalar_pb(tag, value), step, at)

    def picture(self, path: Path, step: int) -> None:
        """Append a PNG, as `tf.summary.image` does."""
        from PIL import Image
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.image import metadata
        from tensorboard.util.tensor_util import make_tensor_proto

        with Image.open(path) as image:
            width, height = image.size
        content = [str(width).encode(), str(height).encode(), path.read_bytes()]
        tag = Summary.Value(
            tag=path.stem,
            metadata=metadata.create_summary_metadata(display_name=None, description=None),
            tensor=make_tensor_proto(content),
        )
        self.add(Summary(value=[tag]), step)

    def flush(self) -> None:
        """Write the events; the first of a file says which format it has."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        if not self._waiting:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab") as file:
            writer = RecordWriter(file)
            if not file.tell():
                writer.write(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())
            for event in self._waiting:
                writer.write(event.SerializeToString())
        self._waiting = []


def _session_end(outcome: str) -> Any:
    """What tells the table of hyperparameters how the run ended."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    statuses: Mapping[str, int] = {"finished": api_pb2.STATUS_SUCCESS, "failed": api_pb2.STATUS_FAILURE}
    info = plugin_data_pb2.SessionEndInfo(
        status=statuses.get(outcome, api_pb2.STATUS_UNKNOWN), end_time_secs=time.time()
    )
    value = Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_end_info=info)),
        tensor=metadata.NULL_TENSOR,
    )
    return Summary(value=[value])
