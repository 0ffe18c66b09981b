"""What a worker does that is not the chief: the same epochs, from its own reading of the data.

The chief is an ordinary training: `train` or `resume` with a cluster. The others write into a folder of their own,
which goes when they end.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mlpcli.cluster import Cluster
from mlpcli.data.facts import fingerprint
from mlpcli.errors import MlpcliError
from mlpcli.runs import directory as run_directory
from mlpcli.runs.checkpoint import Checkpoint, Checkpoints
from mlpcli.runs.read_run import read_environment
from mlpcli.training.engine_choice import make_engine
from mlpcli.training.loop import fit_model
from mlpcli.training.progress import Interrupted, Silence, noted_interruptions
from mlpcli.workflows.prepare import prepare, read_config
from mlpcli.workflows.reopen import check_changes, check_data
from mlpcli.workflows.workers import check_workers, gather

if TYPE_CHECKING:
    from mlpcli.config.schema import Config
    from mlpcli.keras_engine.team import Team
    from mlpcli.model.plan import Prepared
    from mlpcli.training.keeper import KeptLoop


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
    loaded = read_config(config, overrides)
    check_workers(loaded)
    prepared = prepare(loaded)
    return _follow(gather(cluster, loaded, prepared), loaded.config, prepared)


def follow_resumed(cluster: Cluster, run: Path, overrides: Sequence[str] = (), force: bool = False) -> Followed:
    """The same beside `resume(..., cluster=cluster)`; the run directory is only read, and must be seen from here.

    Raises:
        RunDirectoryError, and as `follow`.
    """
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


class _NotKept:
    """In the place of a `Keeper`: the chief keeps the checkpoints."""

    def __init__(self, earlier: Checkpoint | None) -> None:
        self.earlier = earlier

    def look(self, loop: KeptLoop, last: bool = False) -> None:
        pass


def _follow(
    team: Team, config: Config, prepared: Prepared, earlier: Checkpoint | None = None, run: Path | None = None
) -> Followed:
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
