"""Tables whose first or last lines are no rows: `init` notices them, and what it writes is valid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlpcli.workflows.init import init
from mlpcli.workflows.validate import validate

NAMES = ["가", "나", "다"] * 10
PEOPLE = "".join(f"{name},{20 + row},{(row * 7) % 13},{'yn'[row % 2]}\n" for row, name in enumerate(NAMES))
NUMBERS = "".join(f"{row * 0.37 % 1:.3f},{row * 0.71 % 1:.3f},{row % 2}\n" for row in range(40))
HEAD = "name,age,score,answer\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("content", "settings", "rows", "last"),
    [
        (HEAD + PEOPLE, {"header": None, "skip_totals": [], "comment": None}, 30, "answer"),
        ("0,1,2\n" + NUMBERS, {"header": None}, 40, "2"),
        (NUMBERS, {"header": "none", "skip_rows": 0}, 40, "column 3"),
        (PEOPLE, {"header": "none"}, 30, "column 4"),
        ("통계\n\n" + HEAD + PEOPLE, {"header": 3}, 30, "answer"),
        ("통계,,,\n기준 2024,,,\n" + HEAD + PEOPLE, {"header": 3}, 30, "answer"),
        ("a title\n" + NUMBERS, {"header": "none", "skip_rows": 1}, 40, "column 3"),
        ("# made today\n" + HEAD + PEOPLE, {"comment": "#", "header": None}, 30, "answer"),
        ("% x\n% a,b,c\n" + NUMBERS, {"comment": "%", "header": 2}, 40, "c"),
        (HEAD + PEOPLE + "합계,885,180,\n", {"skip_totals": ["합계"]}, 30, "answer"),
        (HEAD + PEOPLE + ",,,\nGrand Total,885,180,\n", {"skip_totals": ["Grand Total"]}, 31, "answer"),
        ("sep=;\n" + (HEAD + PEOPLE).replace(",", ";"), {"header": None}, 30, "answer"),
        ("#,age,answer\n" + NUMBERS, {"comment": None, "header": None}, 40, "answer"),
        (NUMBERS.replace(",", "   "), {"header": "none"}, 40, "column 3"),
        (NUMBERS.replace(",", "::"), {"header": "none"}, 40, "column 3"),
        (
            "제목\n" + (HEAD + PEOPLE).replace(",", "\t") + "총 계\t1\t2\t\n",
            {"skip_totals": ["총 계"]},
            30,
            "answer",
        ),
    ],
)
def test_what_is_written_is_valid(content: str, settings: dict[str, Any], rows: int, last: str) -> None:
    Path("t.csv").write_text(content, encoding="utf-8")
    result = init("t.csv", target=last)
    checked = validate(result.config or "")
    data = checked.config.data
    assert {key: getattr(data, key) for key in settings} == settings
    assert result.found.startswith(f"t.csv: {rows} rows, ")
    assert last in result.text
    assert bool(result.notes) or data.header is None


def test_the_notes_say_what_was_noticed() -> None:
    Path("t.csv").write_text("통계\n" + HEAD + PEOPLE + "합계,885,180,\n", encoding="utf-8")
    assert init("t.csv", target="answer").notes[:2] == (
        "t.csv: the column names are on line 2 (data.header); what stands above it is left out",
        "t.csv: the last rows are sums (합계) and are left out (data.skip_totals)",
    )
