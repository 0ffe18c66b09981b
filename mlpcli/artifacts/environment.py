"""environment.json: what a run was made with."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mlpcli import __version__

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "matplotlib", "pydantic", "h5py", "pyarrow", "pillow")
VARIABLES = ("TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
"""Environment variables that may change results."""


def describe_environment(command: Sequence[str], devices: Sequence[str], fingerprint: str) -> dict[str, Any]:
    """Versions, machine, command line and the fingerprint of the data."""
    return {
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": list(command),
        "folder": os.getcwd(),
        "versions": {"mlpcli": __version__, "python": platform.python_version()} | _versions(),
        "machine": {"system": platform.platform(), "cpu": _cpu(), "cores": os.cpu_count(), "devices": list(devices)},
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "data_fingerprint": fingerprint,
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    """The processor's name; bits are promised equal on the same type only."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
