"""How many rows a training step takes, and which steps a schedule means, where the config leaves it to the run."""

from __future__ import annotations

from typing import Any, Literal

from mlpcli.config.schedules import STEP_KEYS, Schedule, depends_on_run
from mlpcli.errors import SettingError

FEWEST, MOST = 32, 256
STEPS = 50
"""At the least in an epoch; fewer steps than that leave the network undertrained."""


def choose_batch_size(setting: int | Literal["auto"], rows: int | None) -> int:
    """Rows per step; auto: the largest power of two that leaves `STEPS` steps an epoch, within FEWEST to MOST.

    rows: of training; None where they are not known.

    >>> [choose_batch_size("auto", rows) for rows in (150, 3_199, 3_200, 10_000, 60_000)]
    [32, 32, 64, 128, 256]
    """
    if setting != "auto":
        return setting
    largest = (rows or 0) // STEPS
    power: int = 1 << max(0, largest.bit_length() - 1)
    return min(max(power, FEWEST), MOST)


KEY = "training.learning_rate_schedule"


def choose_schedule(schedule: Schedule | None, steps: int) -> Schedule | None:
    """The schedule in steps, in a run of so many; what it gives in steps stays as it is.

    Raises:
        SettingError: the run is too short for it.

    >>> from mlpcli.config.schedules import CosineDecay
    >>> choose_schedule(CosineDecay(decay_steps="auto", warmup_target=0.1, warmup_steps=0.05), 1000)
    CosineDecay(decay_steps=950, alpha=0.0, warmup_target=0.1, warmup_steps=50)
    """
    if schedule is None or not depends_on_run(schedule):
        return schedule
    found = {key: _in_steps(getattr(schedule, key), steps) for key in STEP_KEYS if hasattr(schedule, key)}
    warmup, boundaries = found.get("warmup_steps", 0), found.get("boundaries", [])
    key, run = f"{KEY}.{schedule.tag}", f"the whole run has {steps:,} steps"
    if warmup >= steps:
        raise SettingError(f"{key}.warmup_steps", f"leaves no steps after {warmup:,}: {run}; use fewer")
    if boundaries != sorted(set(boundaries)):
        raise SettingError(f"{key}.boundaries", f"{run}, too few to tell these fractions apart; train longer")
    if found.get("decay_steps") == "auto":
        found["decay_steps"] = steps - warmup
    return schedule.model_copy(update=found)


def _in_steps(value: Any, steps: int) -> Any:
    if isinstance(value, list):
        return [_in_steps(entry, steps) for entry in value]
    return max(1, round(value * steps)) if isinstance(value, float) else value
