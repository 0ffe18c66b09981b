"""`mlpcli validate` on bad configs, as a user types it: exit code 2, all on standard error, nothing written."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

DIGITS = "data: {source: digits}\n"


@pytest.mark.parametrize(
    ("content", "arguments", "lines"),
    [
        (
            DIGITS + "model: {hidden_units: [64, 0]}\ntraining: {optimiser: sgd}\n",
            [],
            [
                "2 problems in my.yaml",
                "my.yaml:2:28: model.hidden_units[1]: must be greater than 0 (got 0)",
                'my.yaml:3:12: training.optimiser: unknown key; did you mean "optimizer"?',
            ],
        ),
        (
            "data:\n\tsource: digits\n",
            [],
            ["my.yaml:2:1: a tab where YAML requires spaces; indent with spaces", "     source: digits", "    ^"],
        ),
        (
            DIGITS,
            ["-s", "training.epochs=0"],
            ["-s training.epochs=0: training.epochs: must be greater than 0 (got 0)"],
        ),
        ("a: &a [x]\n", [], ["my.yaml:1:4: anchors and aliases (& and *) are not supported; write the value out"]),
        (None, [], ["my.yaml: does not exist; mlpcli init writes one, mlpcli recipes lists some"]),
    ],
    ids=["two problems", "tab", "override", "anchor", "missing"],
)
def test_a_bad_config_is_refused(
    content: str | None,
    arguments: list[str],
    lines: list[str],
    write_config: Callable[..., Path],
    mlpcli_here: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    if content is not None:
        write_config(content)
    before = sorted(tmp_path.iterdir())
    done = mlpcli_here("validate", "my.yaml", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.removeprefix("error: ") for line in done.stderr.rstrip("\n").splitlines()] == lines
    assert "\x1b" not in done.stderr
    assert sorted(tmp_path.iterdir()) == before
