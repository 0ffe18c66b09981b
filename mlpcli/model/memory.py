"""Whether a network fits into memory at all, before anything is allocated."""

from __future__ import annotations

import os

from mlpcli.errors import MlpcliError
from mlpcli.model.plan import Plan

BYTES_PER_PARAMETER = 4 * 4
"""float32, four times: the weight, its gradient, and two values that optimizers such as Adam keep."""


def check_memory(plan: Plan) -> None:
    """Refuse a network whose parameters alone exceed the machine's free memory.

    Raises:
        MlpcliError: with the bytes needed and available.
    """
    needed, available = plan.trainable * BYTES_PER_PARAMETER, available_bytes()
    if available is not None and needed > available:
        raise MlpcliError(
            f"the network has {plan.trainable:,} parameters and needs about {needed / 2**30:,.1f} GiB to train, and"
            f" {available / 2**30:,.1f} GiB are free; use fewer units"
        )


def available_bytes() -> int | None:
    """Free memory in bytes, or None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError, AttributeError):
        return None
