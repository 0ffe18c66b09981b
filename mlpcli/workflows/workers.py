"""One model trained by several processes: what is refused there, how they agree, and what those beside the chief do.

The chief is an ordinary training: `train` or `resume` with a cluster. The others run the same epochs, from their own
reading of the data, and write nothing but a folder of their own that goes when they end.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlpcli import __version__
from mlpcli.cluster import Cluster
from mlpcli.config.schema import unshared
from mlpcli.data.facts import fingerprint
from mlpcli.data.streaming.disk_rows import on_disk
from mlpcli.errors import MlpcliError, SettingError, UserError
from mlpcli.runs import directory as run_directory
from mlpcli.runs.read_run import read_environment
from mlpcli.training.progress import Interrupted, Silence, noted_interruptions

if TYPE_CHECKING:
    from mlpcli.config.load_config import LoadedConfig
    from mlpcli.config.schema import Config
    from mlpcli.keras_engine.team import Team
    from mlpcli.model.plan import Prepared
    from mlpcli.runs.checkpoint import Checkpoint
    from mlpcli.training.keeper import KeptLoop
    from mlpcli.training.progress import Progress

VERSIONS = ("tensorflow", "keras", "numpy")
"""Of packages that the workers must have in common, since their results must be equal."""


@dataclass(frozen=True)
class Followed:
    """How the training ended in a worker that is not the chief."""

    cluster: Cluster
    failure: MlpcliError | None = None
    interrupted: Interrupted | None = None


def follow(cluster: Cluster, config: Path, overrides: Sequence[str] = ()) -> Followed:
    """What a worker does that is not the chief, while the chief does `train(..., cluster=cluster)`.

    Raises:
        ConfigError, DataError: as `train`. UserError: the workers differ. TrainingError: they did not come together.
    """
    from mlpcli.workflows.prepare import prepare, read_config

    loaded = read_config(config, overrides)
    check_workers(loaded)
    prepared = prepare(loaded)
    return _follow(gather(cluster, loaded, prepared), loaded.config, prepared)


def follow_resumed(cluster: Cluster, run: Path, overrides: Sequence[str] = (), force: bool = False) -> Followed:
    """The same beside `resume(..., cluster=cluster)`; the run directory is only read, and must be seen from here.

    Raises:
        RunDirectoryError, and as `follow`.
    """
    from mlpcli.runs.checkpoint import Checkpoints
    from mlpcli.workflows.prepare import prepare, read_config
    from mlpcli.workflows.reopen import check_changes, check_data

    loaded = read_config(run_directory.find_file(run, run_directory.CONFIG), overrides)
    check_workers(loaded)
    earlier = Checkpoints(run).read(lambda text: None)
    if earlier is not None:
        check_changes(loaded, earlier, run)
    prepared = prepare(loaded)
    if earlier is not None:
        before = read_environment(run).get("data_fingerprint")
        check_data(loaded.config, before, fingerprint(prepared.source, prepared.splits), force)
    return _follow(gather(cluster, loaded, prepared, earlier), loaded.config, prepared, earlier, run)


def check_workers(loaded: LoadedConfig, callbacks: Sequence[Any] = ()) -> None:
    """Refuse what several workers cannot do.

    Raises:
        ConfigError: a setting. UserError: callbacks, which would have to ask all of them to stop.
    """
    if callbacks:
        raise UserError("callbacks: are for one process, not for several workers; leave them out")
    with loaded.located():
        for key, message in unshared(loaded.config):
            raise SettingError(key, message)


def gather(
    cluster: Cluster,
    loaded: LoadedConfig,
    prepared: Prepared,
    earlier: Checkpoint | None = None,
    listener: Progress | None = None,
) -> Team:
    """Wait for the other workers, and make sure that all of them train the same (raises as `follow`)."""
    from mlpcli.keras_engine.team import join

    if listener is not None:
        listener.note(f"note: {cluster.count} workers train together; this one is the chief, and waits for the others")
    with loaded.located():
        return join(cluster, loaded.config.training.devices, _agreed(loaded.config, prepared, earlier))


def _agreed(config: Config, prepared: Prepared, earlier: Checkpoint | None) -> dict[str, str]:
    """What the workers must have in common; where the data lies may differ."""
    found = config.model_dump(mode="json")
    for key in ("source", "path", "streaming"):
        found["data"].pop(key, None)
    text = json.dumps(found, sort_keys=True)
    return {
        "the version of mlpcli": __version__,
        **{f"the version of {name}": version(name) for name in VERSIONS},
        "the config": hashlib.sha256(text.encode()).hexdigest()[:12],
        "data.streaming": "always" if on_disk(prepared.source.train.x) else "never",
        "the data": fingerprint(prepared.source, prepared.splits)[:19],
        "the epoch of the checkpoint": str(earlier.epoch if earlier is not None else 0),
    }


class _NotKept:
    """In the place of a `Keeper`: the chief keeps the checkpoints."""

    def __init__(self, earlier: Checkpoint | None) -> None:
        self.earlier = earlier

    def look(self, loop: KeptLoop, last: bool = False) -> None:
        pass


def _follow(
    team: Team, config: Config, prepared: Prepared, earlier: Checkpoint | None = None, run: Path | None = None
) -> Followed:
    from mlpcli.training.engine_choice import make_engine
    from mlpcli.training.loop import fit_model

    assert team.cluster is not None
    silent = config.output.model_copy(update={"gradient_norms": False, "tensorboard": False})
    engine = make_engine(config.model_copy(update={"output": silent}), prepared, (), team)
    with TemporaryDirectory(prefix="mlpcli-worker-") as name, noted_interruptions() as noted:
        folder = Path(name)
        if run is not None:
            with suppress(FileNotFoundError):  # where no epoch was finished
                shutil.copyfile(run / run_directory.HISTORY, folder / run_directory.HISTORY)
        outcome = fit_model(engine, folder, Silence(), noted, False, _NotKept(earlier))
    return Followed(team.cluster, outcome.failure, outcome.interrupted)
