"""The processes and devices that train one model together: how they come together, agree, and notice a loss.

TensorFlow's MultiWorkerMirroredStrategy for several processes, its MirroredStrategy for several GPUs of one machine.
"""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.cluster import Cluster, first_port
from mlpcli.errors import SettingError, TrainingError, UserError
from mlpcli.process import end_as_usual

JOINING_SECONDS = 600
"""Workers may take different times to read the data."""
HEARTBEAT_SECONDS = 30
"""Without a sign of a worker for so long, TensorFlow takes it for dead, and ends what the others wait for."""
AGREEING_SECONDS = 120
PREFIX = "mlpcli"
Devices = Literal["auto", "all"] | int


@dataclass(frozen=True)
class Team:
    """Who trains together. cluster: None where it is several devices of this process alone."""

    strategy: Any
    cluster: Cluster | None = None

    @property
    def rank(self) -> int:
        """Of this process, from 0."""
        return 0 if self.cluster is None else self.cluster.rank

    @property
    def workers(self) -> int:
        """Processes."""
        return 1 if self.cluster is None else self.cluster.count

    @property
    def replicas(self) -> int:
        """Copies of the model, one on each device of each process."""
        return int(self.strategy.num_replicas_in_sync)

    @property
    def devices(self) -> int:
        """Replicas of this process."""
        return self.replicas // self.workers

    def sum(self, counts: Array) -> Array:
        """The sum over the processes of whole numbers (n,); each calls it with as many."""
        return np.asarray(self._summed(np.asarray(counts, np.int32)))

    @cached_property
    def _summed(self) -> Any:
        tf, first = backend.tensorflow(), self.rank * self.devices

        def one(counts: Any) -> Any:
            context = tf.distribute.get_replica_context()
            own = tf.where(tf.equal(context.replica_id_in_sync_group, first), counts, 0)
            return context.all_reduce(tf.distribute.ReduceOp.SUM, own)

        def summed(counts: Any) -> Any:
            return self.strategy.experimental_local_results(self.strategy.run(one, args=(counts,)))[0]

        return tf.function(summed, input_signature=[tf.TensorSpec((None,), tf.int32)], autograph=False)

    def describe(self) -> dict[str, int]:
        """For environment.json."""
        return {"workers": self.workers, "replicas": self.replicas}


def local_team(devices: Devices) -> Team | None:
    """The GPUs of this machine that training.devices asks for; None for one of them, or the processor.

    Raises:
        SettingError: there are fewer.
    """
    if devices in ("auto", 1):
        return None
    count = _gpus(devices)
    if count < 2:
        return None
    return Team(backend.tensorflow().distribute.MirroredStrategy([f"GPU:{number}" for number in range(count)]))


def _gpus(devices: Devices) -> int:
    found = len(backend.tensorflow().config.list_physical_devices("GPU"))
    if isinstance(devices, int) and devices > max(found, 1):
        raise SettingError(
            "training.devices",
            f"is {devices}, but TensorFlow finds {found} GPUs on this machine; use {found or 1} or all",
        )
    return devices if isinstance(devices, int) else found


def join(cluster: Cluster, devices: Devices, agreed: Mapping[str, str]) -> Team:
    """Wait for the other workers, and compare with them what must be equal.

    Args:
        devices: training.devices; auto means all GPUs that TensorFlow finds in this process.
        agreed: by name, what the workers must have in common.

    Raises:
        TrainingError: the workers did not come together in time.
        UserError: one of them has another config, other data or other versions.
    """
    tf, gpus = backend.tensorflow(), _gpus(devices)
    addresses = _addresses(cluster)
    end_as_usual()  # TensorFlow's own end takes leave of the other workers
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(addresses)}),
        task_type="worker",
        task_id=cluster.rank,
        num_accelerators={"GPU": gpus},
        rpc_layer="grpc",
    )
    try:
        _configure(cluster)
        with backend.filtered_stderr():
            team = Team(tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver), cluster)
        _handle_sigterm_again()
        _agree(cluster, {**agreed, "the number of GPUs": str(gpus)})
    except (tf.errors.OpError, RuntimeError, ValueError) as error:
        raise TrainingError(
            f"{cluster} ({addresses[cluster.rank]}): the workers could not connect: {_reason(error)}; start all of"
            f" them, on addresses that reach each other, within {JOINING_SECONDS // 60} minutes"
        ) from error
    return team


def _addresses(cluster: Cluster) -> tuple[str, ...]:
    """Of all workers; in the order of Slurm's own list of hosts, which SLURM_PROCID counts by (srun's default).

    TensorFlow's SlurmClusterResolver sorts the hosts by name, so that node10 would come before node2, and the ranks
    would be those of other processes.
    """
    if cluster.addresses is not None:
        return cluster.addresses
    from tensorflow.python.distribute.cluster_resolver import slurm_cluster_resolver as slurm

    try:
        hosts = slurm.expand_hostlist(os.environ["SLURM_STEP_NODELIST"])
        tasks = slurm.expand_tasks_per_node(os.environ["SLURM_STEP_TASKS_PER_NODE"])
        found = [
            f"{host}:{first_port() + task}" for host, count in zip(hosts, tasks, strict=True) for task in range(count)
        ]
    except (KeyError, ValueError) as error:
        raise UserError(f"the variables of this Slurm step cannot be read ({error}); start it with srun") from error
    if len(found) != cluster.count:
        raise UserError(f"Slurm names {len(found)} tasks on its nodes, and SLURM_STEP_NUM_TASKS says {cluster.count}")
    return tuple(found)


def _configure(cluster: Cluster) -> None:
    """What the strategy would configure by itself, with limits to the time: by default it waits for an hour."""
    context = _context()
    context.context().configure_coordination_service(
        service_type="standalone",
        service_leader="/job:worker/replica:0/task:0",
        cluster_register_timeout_in_ms=JOINING_SECONDS * 1000,
        heartbeat_timeout_in_ms=HEARTBEAT_SECONDS * 1000,
        coordinated_jobs=[context.coordination_config_pb2.CoordinatedJob(name="worker", num_tasks=cluster.count)],
    )


def _handle_sigterm_again() -> None:
    """The coordination service has put a handler of its own in the place of Python's, and ignores SIGTERM."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))


def _context() -> Any:
    """TensorFlow's own module; its coordination service has no public interface."""
    backend.tensorflow()
    from tensorflow.python.eager import context

    return context


def _agree(cluster: Cluster, agreed: Mapping[str, str]) -> None:
    """Tell the others what this worker has, and compare; all of them see the same difference."""
    told = [json.loads(text) for text in exchange(cluster, "agreed", json.dumps(dict(agreed)))]
    for name, value in told[0].items():
        for rank, one in enumerate(told):
            if one.get(name) != value:
                raise UserError(
                    f"worker {rank} has another value for {name} ({one.get(name)}) than worker 0 ({value}); give all"
                    " workers the same command, files and versions"
                )


def exchange(cluster: Cluster, name: str, value: str) -> list[str]:
    """The values of all workers under this name, by rank; each calls it once."""
    context = _context().context()
    limit = AGREEING_SECONDS * 1000
    context.set_config_key_value(f"{PREFIX}/{name}/{cluster.rank}", value)
    found = [context.get_config_key_value(f"{PREFIX}/{name}/{rank}", limit) for rank in range(cluster.count)]
    # The values are worker 0's to give, so that it must not end before all have them.
    context.set_config_key_value(f"{PREFIX}/{name}/read/{cluster.rank}", "1")
    if cluster.is_chief:
        for rank in range(cluster.count):
            context.get_config_key_value(f"{PREFIX}/{name}/read/{rank}", limit)
    return found


@contextmanager
def losses_noticed(team: Team) -> Iterator[None]:
    """A context in which the end of another worker becomes a TrainingError.

    TensorFlow's coordination service aborts the collective operations of all workers when one has sent no heartbeat for
    HEARTBEAT_SECONDS; where its port is closed, the connection fails at once.
    """
    errors = backend.tensorflow().errors
    gone = (errors.UnavailableError, errors.AbortedError, errors.CancelledError, errors.DeadlineExceededError)
    try:
        yield
    except (*gone, errors.InternalError, errors.FailedPreconditionError) as error:
        if team.cluster is None:
            raise
        named = {int(rank) for rank in re.findall(r"/job:worker/(?:replica:0/)?task:(\d+)", str(error))}
        others = sorted(named - {team.rank})
        who = f"worker {others[0]} of {team.workers}" if len(others) == 1 else "another worker"
        raise TrainingError(f"{who} has stopped or cannot be reached; its own messages say why") from error


def _reason(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]
