"""What summary says of several networks in one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlpcli.cli.summary import summary


@pytest.mark.parametrize(
    ("members", "parameters"), [(1, 4 * 8 + 8 + 8 * 3 + 3), (5, 5 * 4 + 4 * 8 + 8 + 5 * (8 * 3 + 3))]
)
def test_members_are_counted_and_said(tmp_path: Path, members: int, parameters: int) -> None:
    config = tmp_path / "my.yaml"
    config.write_text(f"data: {{source: iris}}\nmodel: {{hidden_units: [8], members: {members}}}", encoding="utf-8")
    said = CliRunner().invoke(summary, [str(config)], standalone_mode=False).output
    assert (f"{members} members share the hidden layers" in said) is (members > 1)
    found = json.loads(CliRunner().invoke(summary, [str(config), "--json"], standalone_mode=False).output)
    assert (found["members"], found["trainable"]) == (members, parameters)
