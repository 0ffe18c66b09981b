"""`mlpcli train --seeds N`: one config, several seeds, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import SettingError, UserError

if TYPE_CHECKING:
    from mlpcli.config.load import LoadedConfig
    from mlpcli.training.interrupts import Interrupted
    from mlpcli.training.progress import Progress

MOST_SEEDS = 1000


@dataclass(frozen=True)
class SeedsResult:
    """The folder that holds a run directory for each seed, and what its seeds.json says."""

    path: Path
    summary: dict[str, Any]
    pictures: list[Path] = field(default_factory=list)
    interrupted: Interrupted | None = None


def train_seeds(
    config: str | Path,
    seeds: int,
    overrides: Sequence[str] = (),
    runs_dir: str | Path = "runs",
    run_dir: str | Path | None = None,
    progress: Progress | None = None,
    command: Sequence[str] = (),
    verbose: bool = False,
) -> SeedsResult:
    """Train the network of a config with its seed, and the seeds after it, each as `train` would.

    Args:
        config: path of the YAML file.
        seeds: how many, 1 to 1000.
        overrides: "training.epochs=5" and the like; "seed=5" moves the first seed.
        runs_dir: where the folder of all of them is made, called after the config's `name`.
        run_dir: or exactly this folder, new or empty.
        progress: listens to the trainings; what is said of every seed alike is said once.
        command: the command line, for environment.json.
        verbose: also note which engine was chosen, and why.

    Returns:
        What is there. A seed that failed is in its `summary`, and the others are trained all the same; after an
        interruption or on a full disk no more are.

    Raises:
        UserError: not so many seeds.
        ConfigError, DataError: of the first seed; nothing has been written.
        RunDirectoryError: the folder cannot be made.
        OutputError: seeds.json cannot be written.
    """
    from mlpcli.config.load import load_config
    from mlpcli.training.progress import Silence

    _check_count(seeds)
    loaded = load_config(Path(config), overrides)
    _check_last_seed(loaded, seeds)
    from mlpcli.workflows.seed_series import SeedSeries

    place = (Path(runs_dir), Path(run_dir) if run_dir else None)
    return SeedSeries(loaded, seeds, place, progress or Silence(), list(command), verbose).train()


def _check_count(seeds: int) -> None:
    if not isinstance(seeds, int) or not 1 <= seeds <= MOST_SEEDS:
        raise UserError(f"seeds: {seeds!r} is no number of seeds; give a whole number from 1 to {MOST_SEEDS:,}")


def _check_last_seed(loaded: LoadedConfig, seeds: int) -> None:
    from mlpcli.config.schema import LARGEST_SEED

    first = loaded.config.seed
    if first + seeds - 1 > LARGEST_SEED:
        with loaded.located():
            raise SettingError(
                "seed",
                f"{seeds} seeds from {first} on would end at {first + seeds - 1}, and the largest is {LARGEST_SEED};"
                f" start at {LARGEST_SEED - seeds + 1} or below",
            )
