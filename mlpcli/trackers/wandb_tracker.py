"""Weights & Biases: a run in a project, with the names of wandb's WandbMetricsLogger for Keras."""

from __future__ import annotations

import netrc
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlpcli.config.trackers import Wandb
from mlpcli.trackers.parameters import Parameters
from mlpcli.trackers.tracker import Ending, Row, TrackedRun, columns_of

PATIENCE = 30.0
"""Seconds for a server to answer; training waits meanwhile. WANDB_INIT_TIMEOUT changes it."""
LAST_PATIENCE = 300.0
"""Seconds for the last uploads; what is not uploaded by then stays in the folder, and `wandb sync` uploads it."""


class WandbTracker:
    """A run of the project; offline, in wandb/ beside the run directory, where nobody is logged in."""

    def __init__(self, config: Wandb) -> None:
        self.config = config
        self.known: dict[str, Any] = {}
        self.place = ""

    def begin(self, run: TrackedRun) -> int:
        import wandb

        offline = "WANDB_MODE" not in os.environ and not _is_logged_in()
        number = self.known.get("run") or secrets.token_hex(4)
        settings: dict[str, Any] = {"silent": True, "finish_timeout": LAST_PATIENCE}
        if "WANDB_CONSOLE" not in os.environ:
            settings["console"] = "off"  # it would change sys.stdout for the whole process
        if "WANDB_INIT_TIMEOUT" not in os.environ:
            settings["init_timeout"] = PATIENCE
        self.run = wandb.init(
            id=number,
            project=self.config.project or _unless("WANDB_PROJECT", run.project),
            name=self.config.run or _unless("WANDB_NAME", run.name),
            group=_unless("WANDB_RUN_GROUP", run.group),
            dir=_unless("WANDB_DIR", str(run.home)),
            mode="offline" if offline else None,
            resume=None if offline else "allow",
            reinit="create_new",  # a run of the caller's own goes on beside it
            config={**_nested(run.parameters), "run_directory": str(run.path)},
            settings=wandb.Settings(**settings),
        )
        self.run.define_metric("epoch/epoch")
        self.run.define_metric("epoch/*", step_metric="epoch/epoch")
        self.known = {"run": number, "epochs": self.known.get("epochs", 0)}
        folder = Path(self.run.settings.wandb_dir)
        where = f"offline in {folder}; wandb sync uploads it" if self.run.settings._offline else self.run.project_url
        self.place = f"project {self.run.project}, {where}"
        return int(self.known["epochs"])

    def epochs(self, rows: Sequence[Row]) -> None:
        for row in rows:
            epoch = int(row["epoch"]) - 1
            logs = {f"epoch/{name}": value for name, value in columns_of(row).items()}
            # With a step of its own, what a resumed run logs offline follows what it logged before.
            self.run.log({**logs, "epoch/epoch": epoch}, step=epoch, commit=True)
        self.known = {**self.known, "epochs": int(rows[-1]["epoch"])}

    def end(self, ending: Ending) -> None:
        import wandb

        for split, scores in ending.scores.items():
            self.run.summary.update({f"{split}/{name}": value for name, value in scores.items()})
        if ending.kept_epoch is not None:
            self.run.summary["restored_epoch"] = ending.kept_epoch - 1
        for picture in ending.pictures:
            if picture.suffix == ".png":
                self.run.summary[f"pictures/{picture.stem}"] = wandb.Image(str(picture))
        if ending.model is not None:
            artifact = wandb.Artifact(f"run_{self.run.id}_model", type="model")
            artifact.add_file(str(ending.model))
            self.run.log_artifact(artifact)
        self.run.finish(exit_code=0 if ending.outcome in ("finished", "pruned") else 1)


def _unless(variable: str, value: str | None) -> str | None:
    """The value, unless the variable says something else, which wandb reads itself."""
    return None if variable in os.environ else value


def _is_logged_in() -> bool:
    """Whether wandb finds a key by itself; without one it would ask for it, or raise where nobody can answer."""
    if any(os.environ.get(name) for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE")):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        return netrc.netrc(os.environ.get("NETRC") or None).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def _nested(parameters: Parameters) -> dict[str, Any]:
    """Mappings in mappings: wandb shows dots between them, and cannot ask for keys with dots of their own."""
    found: dict[str, Any] = {}
    for key, value in parameters.items():
        *path, last = key.split(".")
        inner = found
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return found
