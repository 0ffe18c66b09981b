"""docs/clusters.md: its scripts are bash, its YAML is YAML, and the commands in them can be typed."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import yaml

from mlpcli.cli.main import COMMANDS
from mlpcli.cluster import MOST_TASKS_OF_A_NODE, Cluster, find_cluster, first_port
from tests.markdown_parts import ROOT, blocks_of, check_command

PAGE = ROOT / "docs" / "clusters.md"
_COMMAND = re.compile(rf"\bmlpcli ((?:{'|'.join(COMMANDS)})\b[^\n;|]*)")


def _scripts() -> list[str]:
    """The blocks of bash, and what the containers of the jobs run."""
    jobs = [document for document in _documents() if document["kind"] == "Job"]
    containers = [one for job in jobs for one in job["spec"]["template"]["spec"]["containers"]]
    return [block.text for block in blocks_of(PAGE, "bash")] + [one["args"][0] for one in containers]


def _documents() -> list[dict[str, Any]]:
    return [document for block in blocks_of(PAGE, "yaml") for document in yaml.safe_load_all(block.text)]


@pytest.mark.parametrize("script", _scripts())
def test_a_script_is_bash(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")


def test_commands_within_scripts_can_be_typed() -> None:
    found = [match[1] for script in _scripts() for match in _COMMAND.finditer(script)]
    assert len(found) >= 5
    for command in found:
        check_command(command)


def test_the_pods_of_the_job_are_a_cluster() -> None:
    service, job = _documents()
    assert (service["kind"], job["kind"]) == ("Service", "Job")
    pods = job["spec"]["template"]["spec"]
    assert pods["subdomain"] == service["metadata"]["name"] == job["metadata"]["name"]
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    script = pods["containers"][0]["args"][0].partition("if [")[0]
    for index in range(job["spec"]["completions"]):
        told = subprocess.run(
            ["bash", "-c", script + 'printf %s "$TF_CONFIG"'],
            env={"JOB_COMPLETION_INDEX": str(index)}, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        addresses = ("digits-0.digits:2222", "digits-1.digits:2222")
        assert find_cluster({"TF_CONFIG": told.stdout}) == Cluster(index, 2, addresses)
    assert pods["containers"][0]["ports"] == [{"containerPort": 2222}]


def test_the_example_by_hand_is_a_cluster() -> None:
    text = next(block.text for block in blocks_of(PAGE, "bash") if "export TF_CONFIG" in block.text)
    told = re.search("TF_CONFIG='(.*)'", text)
    assert told is not None
    assert find_cluster({"TF_CONFIG": told[1]}) == Cluster(0, 2, ("host-a:2222", "host-b:2222"))


def test_the_ports_of_slurm_jobs_are_those_of_the_code() -> None:
    last = first_port({"SLURM_JOB_ID": "299"}) + MOST_TASKS_OF_A_NODE - 1
    assert f"Ports are chosen by the number of the job: {first_port({})} to {last}." in PAGE.read_text(encoding="utf-8")
