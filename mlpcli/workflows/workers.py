"""One model trained by several processes: what is refused there, and how they come to train the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mlpcli import __version__
from mlpcli.cluster import Cluster
from mlpcli.config.schema import unshared
from mlpcli.data.facts import fingerprint
from mlpcli.data.streaming.disk_rows import on_disk
from mlpcli.errors import SettingError, UserError

if TYPE_CHECKING:
    from mlpcli.config.load_config import LoadedConfig
    from mlpcli.config.schema import Config
    from mlpcli.keras_engine.team import Team
    from mlpcli.model.plan import Prepared
    from mlpcli.runs.checkpoint import Checkpoint
    from mlpcli.training.progress import Progress

VERSIONS = ("tensorflow", "keras", "numpy")
"""Of packages that the workers must have in common, since their results must be equal."""


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
    """Wait for the other workers, and make sure that all of them train the same.

    Raises:
        UserError: the workers differ. TrainingError: they did not come together.
    """
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
