"""Whether this process is one of several that train one model together, as its environment says.

TF_CONFIG is what SageMaker, Vertex AI and Kubernetes operators set; `srun` sets Slurm's variables. Standard library
only: who only asks need not import TensorFlow.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlpcli.errors import UserError

TF_CONFIG = "TF_CONFIG"
JOBS = ("chief", "worker")
"""Of a TF_CONFIG, in the order in which their processes are counted."""
MOST_TASKS_OF_A_NODE = 64
"""Ports that a Slurm job has to itself on a node."""
FIRST_PORT, PORT_RANGES = 12_000, 300
"""All of them below 32768, from where on Linux takes the ports of outgoing connections."""


@dataclass(frozen=True)
class Cluster:
    """The processes that train together, and which of them this one is.

    rank: from 0; worker 0 is the chief, which writes the run. count: of the workers. addresses: host:port of each; None
    under Slurm, since TensorFlow has the functions that read its lists of hosts.
    """

    rank: int
    count: int
    addresses: tuple[str, ...] | None = None

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run."""
        return self.rank == 0

    def __str__(self) -> str:
        return f"worker {self.rank} of {self.count}"


def find_cluster(environment: Mapping[str, str] = os.environ) -> Cluster | None:
    """The cluster that TF_CONFIG or Slurm describes; None where this process trains alone.

    Raises:
        UserError: TF_CONFIG is not what TensorFlow documents, or has parameter servers or evaluators.
    """
    text = environment.get(TF_CONFIG, "").strip()
    if text:
        return _of_tf_config(text)
    return _of_slurm(environment)


def _of_tf_config(text: str) -> Cluster | None:
    try:
        found = json.loads(text)
        if not isinstance(found, dict):
            raise TypeError("it is not a JSON object")
        cluster, task = found.get("cluster") or {}, found.get("task") or {}
        jobs = {job: _addresses(job, listed) for job, listed in cluster.items() if listed}
        kind, index = task.get("type"), int(task.get("index", 0))
    except (ValueError, TypeError, AttributeError) as error:
        raise _refused(f"cannot be read ({error})") from error
    other = sorted(jobs.keys() - set(JOBS))
    if other:
        raise _refused(f"has the job {other[0]!r}, but mlpcli supports only chief and worker")
    if len(jobs.get("chief", ())) > 1:
        raise _refused("has several chiefs")
    addresses = tuple(address for job in JOBS for address in jobs.get(job, ()))
    if len(addresses) < 2:
        return None
    if kind not in jobs or not 0 <= index < len(jobs[kind]):
        raise _refused(f"says that this process is {kind!r} {index}, which is not in its cluster")
    return Cluster(index + (len(jobs.get("chief", ())) if kind == "worker" else 0), len(addresses), addresses)


def _addresses(job: str, listed: object) -> list[str]:
    if not isinstance(listed, list):
        raise TypeError(f"the addresses of {job!r} are not a list")
    return [str(address) for address in listed]


def _refused(why: str) -> UserError:
    example = '{"cluster": {"worker": ["host-a:2222", "host-b:2222"]}, "task": {"type": "worker", "index": 0}}'
    return UserError(f"{TF_CONFIG}: {why}; give one such as {example}, or unset it to train in this process alone")


def _of_slurm(environment: Mapping[str, str]) -> Cluster | None:
    """Of the step that `srun` started; a batch script itself is no step, and has a single process."""
    try:
        rank, count = int(environment["SLURM_PROCID"]), int(environment["SLURM_STEP_NUM_TASKS"])
    except (KeyError, ValueError):
        return None
    return Cluster(rank, count) if 0 <= rank < count and count > 1 else None


def first_port(environment: Mapping[str, str] = os.environ) -> int:
    """The port of the first task of this Slurm job on a node; jobs that share a node get different ones."""
    number = environment.get("SLURM_JOB_ID", "0")
    return FIRST_PORT + MOST_TASKS_OF_A_NODE * (int(number) % PORT_RANGES if number.isdigit() else 0)


def tf_config(addresses: list[str], rank: int) -> str:
    """The TF_CONFIG of one of several workers."""
    value: dict[str, Any] = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
    return json.dumps(value)
