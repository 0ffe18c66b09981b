"""What TF_CONFIG and Slurm's variables say about the processes that train together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlpcli.cluster import Cluster, find_cluster, first_port, tf_config
from mlpcli.errors import UserError


def _tf_config(cluster: dict[str, Any], kind: str = "worker", index: int = 0) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})}


def test_workers_are_counted_in_the_order_of_tf_config() -> None:
    addresses = ["a:2222", "b:2222", "c:2222"]
    found = find_cluster({"TF_CONFIG": tf_config(addresses, 2)})
    assert found == Cluster(2, 3, ("a:2222", "b:2222", "c:2222"))
    assert str(found) == "worker 2 of 3"
    assert not found.is_chief


def test_a_chief_comes_before_the_workers() -> None:
    cluster = {"worker": ["b:1", "c:1"], "chief": ["a:1"]}  # as Vertex AI has it
    assert find_cluster(_tf_config(cluster, "chief")) == Cluster(0, 3, ("a:1", "b:1", "c:1"))
    assert find_cluster(_tf_config(cluster, "worker", 1)) == Cluster(2, 3, ("a:1", "b:1", "c:1"))


@pytest.mark.parametrize("text", ["", " ", "{}", '{"cluster": {}}', '{"cluster": {"worker": ["a:1"]}, "task": {}}'])
def test_one_process_trains_alone(text: str) -> None:
    assert find_cluster({"TF_CONFIG": text}) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("worker", "TF_CONFIG: cannot be read (Expecting value"),
        ("[1]", "TF_CONFIG: cannot be read (it is not a JSON object); give one such as"),
        (_tf_config({"worker": "a:1"})["TF_CONFIG"], "cannot be read (the addresses of 'worker' are not a list); give"),
        (json.dumps({"cluster": {"worker": ["a:1"], "ps": ["b:1"]}}), "TF_CONFIG: has the job 'ps'"),
        (json.dumps({"cluster": {"chief": ["a:1", "b:1"]}}), "TF_CONFIG: has several chiefs"),
        (_tf_config({"worker": ["a:1", "b:1"]}, index=2)["TF_CONFIG"], "says that this process is 'worker' 2"),
        (_tf_config({"worker": ["a:1", "b:1"]}, "chief")["TF_CONFIG"], "says that this process is 'chief' 0"),
    ],
)
def test_a_wrong_tf_config_is_refused_with_an_example(text: str, words: str) -> None:
    with pytest.raises(UserError) as refused:
        find_cluster({"TF_CONFIG": text})
    assert words in str(refused.value)
    assert '"task": {"type": "worker", "index": 0}' in str(refused.value)


def test_a_step_of_srun_is_a_cluster_and_a_batch_script_is_not() -> None:
    step = {"SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4", "SLURM_NTASKS": "4"}
    assert find_cluster(step) == Cluster(1, 4)
    assert find_cluster({**step, "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"}) is None
    assert find_cluster({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}) is None


def test_tf_config_takes_precedence_over_slurm() -> None:
    both = {"TF_CONFIG": tf_config(["a:1", "b:1"], 1), "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "4"}
    assert find_cluster(both) == Cluster(1, 2, ("a:1", "b:1"))


def test_jobs_that_share_a_node_get_different_ports() -> None:
    assert first_port({"SLURM_JOB_ID": "7"}) == 12_000 + 7 * 64
    assert first_port({"SLURM_JOB_ID": "8"}) - first_port({"SLURM_JOB_ID": "7"}) == 64
    assert first_port({"SLURM_JOB_ID": "299"}) + 64 <= 32_768
    assert first_port({}) == 12_000
