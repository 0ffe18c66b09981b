"""Tables that look odd and are read right: exit code 0, and what was found is said."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DATA = "data: {source: a.csv, target: 종}\n"
LINES = ["키,색,종", *(f"{n * n % 37 / 2},{('빨강', '뷁', '파랑')[n % 3]},{'개새'[n % 2]}" for n in range(60))]
PLAIN = "\n".join(LINES) + "\n"
Validate = Callable[..., dict[str, Any]]


@pytest.fixture
def validate(mlpcli_here: Any, tmp_path: Path, nothing_written: Any) -> Validate:
    """`validate(a.csv, config, more.csv=...)`: what the command says as JSON; it writes nothing."""

    def run(content: str | bytes, config: str = DATA, **more: str) -> dict[str, Any]:
        (tmp_path / "a.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        for name, text in more.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        (tmp_path / "my.yaml").write_text(config, encoding="utf-8")
        with nothing_written(tmp_path):
            done = mlpcli_here("validate", "my.yaml", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


def _findings(found: dict[str, Any], topic: str) -> list[str]:
    return [f"{one['level']}: {one['text']}" for one in found["look"]["findings"] if one["topic"] == topic]


def _mixed_ends() -> str:
    return "".join(line + ("\n", "\r\n", "\r")[n % 3] for n, line in enumerate(LINES))


WRITTEN = {
    "CRLF": PLAIN.replace("\n", "\r\n"),
    "CR": PLAIN.replace("\n", "\r"),
    "mixed ends": _mixed_ends(),
    "no last end": PLAIN.rstrip("\n"),
    "blank lines": "\n \n" + PLAIN.replace("\n", "\n\n"),
    "semicolons": PLAIN.replace(",", ";"),
    "tabs": PLAIN.replace(",", "\t"),
    "bars": PLAIN.replace(",", "|"),
    "quotes": "\n".join(",".join(f'"{value}"' for value in line.split(",")) for line in LINES),
    "blanks around": PLAIN.replace(",", " , "),
    "a mark": PLAIN.encode("utf-8-sig"),
    "UTF-16": PLAIN.encode("utf-16"),
    "cp949": PLAIN.encode("cp949"),
    "told euc-kr": PLAIN.encode("cp949"),
}


@pytest.mark.parametrize("way", WRITTEN)
def test_one_table_however_it_is_written(validate: Validate, way: str) -> None:
    expected = validate(PLAIN)
    found = validate(WRITTEN[way], DATA.replace("종}", "종, encoding: euc-kr}" if way == "told euc-kr" else "종}"))
    assert found["columns"] == expected["columns"]
    assert found["look"] == expected["look"]
    assert (found["rows"], found["plan"]) == (expected["rows"], expected["plan"])
    assert expected["look"]["classes"] == {"training": {"개": 24, "새": 24}, "validation": {"개": 6, "새": 6}}
    said = [note.partition("a.csv: ")[2] for note in found["notes"]]
    assert said == (["read as cp949 (it is not utf-8: byte 0xbb at offset 3)"] if way == "cp949" else [])


def test_a_packed_table(validate: Validate, tmp_path: Path) -> None:
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(PLAIN.encode("cp949")))
    found = validate(PLAIN, DATA.replace("a.csv", "b.csv.gz"))
    assert found["look"]["rows"] == {"training": 48, "validation": 12}
    assert found["look"]["classes"]["training"] == {"개": 24, "새": 24}


GAPS = "a,b,c,y\n" + "".join(f"{n % 7},{n % 3},{n % 5},{'pq'[n % 2]}\n" for n in range(30))


@pytest.mark.parametrize("gap", ["", "NA", "N/A", "NaN", "nan", "null", "None", "#N/A", "?"])
def test_gaps_are_counted(validate: Validate, gap: str) -> None:
    config = "data: {source: a.csv, target: y, na_values: ['?']}\n"
    found = validate(f"{GAPS}{gap},1,,p\n1,{gap},2,\n", config)
    assert {one["name"]: (one["kind"], one["missing"]) for one in found["columns"]} == {
        "a": ("number", 1), "b": ("number", 1), "c": ("number", 1), "y": ("target", 1)}  # fmt: skip
    assert found["notes"] == ['1 of 32 rows has no target value and is left out (column "y")']


def test_columns_that_say_nothing_are_left_out_and_said(validate: Validate) -> None:
    found = validate("빈,same,u,종\n" + "".join(f",5,{n % 7},{'개새'[n % 2]}\n" for n in range(30)))
    assert [one["kind"] for one in found["columns"]] == ["dropped", "dropped", "number", "target"]
    assert found["notes"] == [
        '1 column without any value left out: "빈"', '1 column with one value only left out: "same"']  # fmt: skip


def test_what_looks_like_a_formula_is_data(validate: Validate) -> None:
    lines = "".join(f"{('=1+1', '@x', '+a', '-b')[n % 4]},{n % 7},{('=yes', '-no')[n % 2]}\n" for n in range(40))
    found = validate("=f,u,종\n" + lines)
    assert [(one["name"], one["kind"], one["distinct"]) for one in found["columns"]] == [
        ("=f", "category", 4), ("u", "number", 7), ("종", "target", 2)]  # fmt: skip
    assert found["plan"]["class_names"] == ["-no", "=yes"]
    assert found["columns"][0]["example"] == "=1+1, @x, +a"


LABELS = ["a, b", 'say "x"', "두\n줄", "=1+1", "고양이", " '"]


def test_labels_with_any_characters(validate: Validate) -> None:
    quoted = ['"' + label.replace('"', '""') + '"' for label in LABELS]
    found = validate("u,종\n" + "".join(f"{n % 7},{quoted[n % 6]}\n" for n in range(60)))
    assert found["plan"]["class_names"] == sorted(label.strip() for label in LABELS)
    assert set(found["look"]["classes"]["training"].values()) == {8}


def test_a_value_of_200_000_letters(validate: Validate, mlpcli_here: Any) -> None:
    found = validate(PLAIN + f"1,{'가' * 200_000},개\n")
    assert found["columns"][1]["distinct"] == 4
    assert max(map(len, mlpcli_here("validate", "my.yaml").stdout.splitlines())) < 300


def test_five_hundred_columns(mlpcli_here: Any, tmp_path: Path) -> None:
    """Of each ten: numbers, categories, numbers with gaps, two like row numbers, one without a value."""

    def cell(row: int, column: int) -> object:
        return [
            *(row * column % 97 / 2, row * column % 13, (row + column) % 7, -row * row % 5),
            *("pqr"[(row + column) % 3], "가나"[row * column % 2]),
            "" if row == column % 20 else row * 3 % 11,
            *(row + column, 1000 - row),
            "",
        ][column % 10]

    with open(tmp_path / "a.csv", "w", encoding="utf-8") as file:
        file.write(",".join(f"c{column}" for column in range(500)) + ",종\n")
        for row in range(20):
            file.write(",".join(str(cell(row, column)) for column in range(500)) + f",{'개새'[row % 2]}\n")
    (tmp_path / "my.yaml").write_text(DATA, encoding="utf-8")
    done = mlpcli_here("validate", "my.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "501 columns" in done.stdout and "note: 50 columns without any value left out" in done.stdout
    assert "note: ... and " in done.stdout and " notes like these" in done.stdout  # not a line for each column
    assert len(done.stdout.splitlines()) < 100


def test_the_validation_file_is_the_training_file(validate: Validate) -> None:
    rows = "".join(f"{n},{n * n % 37},{'개새'[n * 7 % 5 % 2]}\n" for n in range(60))
    found = validate(f"u,v,종\n{rows}", DATA.replace("종}", "종, validation: a.csv}"))
    all_of_them = "warning: all 60 validation rows (100 %) also appear among the training rows"
    assert _findings(found, "duplicates") == [f"{all_of_them}, which inflates the validation score"]
    half = validate(f"u,v,종\n{rows}", DATA.replace("종}", "종, validation: b.csv}"), b="u,v,종\n8,27,새\n8,12,새\n")
    assert _findings(half, "duplicates")[0].startswith("warning: 1 of 2 validation rows (50 %) also appears among")


@pytest.mark.parametrize(("scaling", "warned"), [("none", True), ("auto", False), ("minmax", False)])
def test_numbers_that_are_not_scaled(validate: Validate, scaling: str, warned: bool) -> None:
    config = DATA.replace("종}", f"종, scaling: {scaling}}}")
    found = validate("u,v,종\n" + "".join(f"{n % 7 * 9},{n % 3},{'개새'[n % 2]}\n" for n in range(40)), config)
    texts = ["warning: values go up to 54 and data.scaling is none"] if warned else []
    assert _findings(found, "scaling") == texts
