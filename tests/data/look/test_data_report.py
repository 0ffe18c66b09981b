"""What is printed of the look."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mlpcli.cli.validate import class_lines, print_look
from mlpcli.data.look.findings import Facts, Finding, Look


@dataclass(frozen=True)
class Column:
    name: str
    kind: str = "number"
    missing: int = 0
    distinct: int | str = 3
    example: str = "1 to 9"


LOOK = Look(
    Facts({"training": 50, "test": 4}, (2,), ("고양이", "개"), {"training": (40, 10), "test": (3, 1)}),
    [Finding("leak", "column a tells it", "leave it out"), Finding("few_rows", "few", "more", "note")],
)


def test_findings_and_classes_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    print_look(LOOK)
    assert capsys.readouterr().out.splitlines() == [
        "classes   training: 고양이 40 (80 %), 개 10 (20 %)",
        "          test: 고양이 3 (75 %), 개 1 (25 %)",
        "warning: column a tells it; leave it out",
        "note: few; more",
    ]


def test_train_says_the_warnings_alone() -> None:
    assert LOOK.warnings == ["column a tells it; leave it out"]


def test_columns_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [Column("나이", "number", 1_177, "10,000+", "0.4 to 80"), Column("a\nb", "dropped", example="\x1b[31m")]
    print_look(Look(LOOK.facts, []), columns)
    printed = capsys.readouterr().out
    lines = [line.split() for line in printed.splitlines()]
    assert lines[0] == ["2", "columns"]
    assert ["column", "kind", "example", "missing", "distinct"] in lines
    assert ["나이", "number", "0.4", "to", "80", "1,177", "10,000+"] in lines
    assert ["a\\nb", "dropped", "\\x1b[31m", "0", "3"] in lines
    assert "\x1b" not in printed


@pytest.mark.parametrize(("count", "more"), [(40, []), (100, ["... and 60 more"])])
def test_a_wide_table_is_cut(count: int, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    print_look(Look(Facts({"training": 9}, (count,))), [Column(f"c{index}") for index in range(count)])
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == f"{count} columns"
    assert sum(line.startswith("c") and "number" in line for line in lines) == 40
    assert [line for line in lines if line.startswith("...")] == more


def test_many_classes_are_summed_up() -> None:
    names = tuple(f"c{index}" for index in range(13))
    facts = Facts({"training": 130}, (2,), names, {"training": (10, 4, *[10] * 10, 16)})
    assert class_lines(facts) == ["classes   training: 13 classes, from c1 4 (3 %) to c12 16 (12.3 %)"]
    assert class_lines(Facts({"training": 130}, (2,))) == []


def test_the_name_of_a_class_cannot_reach_the_terminal() -> None:
    facts = Facts({"training": 2}, (2,), ("a\nb", "\x1b[2J"), {"training": (1, 1)})
    assert class_lines(facts) == ["classes   training: a\\nb 1 (50 %), \\x1b[2J 1 (50 %)"]
