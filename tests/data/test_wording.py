"""Names and notes as they are said: in YAML to be copied, and not more of them than can be read."""

from __future__ import annotations

import pytest
import yaml

from mlpcli.config.yaml_names import yaml_names as yaml_list
from mlpcli.text import first_notes


@pytest.mark.parametrize("name", ["나이", "1st, 2nd", "a\x1b[31m", "a\x9b31m", "\u202eright", "두\n줄", "😀\x7f", '"'])
def test_any_name_survives_yaml_and_leaves_the_terminal_alone(name: str) -> None:
    written = yaml_list([name, "b"])
    assert yaml.safe_load(written) == [name, "b"]
    assert written.isprintable()


def test_the_first_ten_notes_are_enough() -> None:
    notes = [f"note {number}" for number in range(12)]
    assert first_notes(notes[:10]) == notes[:10]
    assert first_notes(notes[:11])[10:] == ["... and 1 note like these"]
    assert first_notes(notes) == [*notes[:10], "... and 2 notes like these"]
