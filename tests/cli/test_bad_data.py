"""Tables that cannot be learnt from: exit code 2, one line that names file, line and way out, and nothing written."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

ROWS = "".join(f"{n % 7 + 0.5},{n * n % 11},{'ab'[n % 2]}\n" for n in range(40))
"""Lines 2 to 41 of a good table: two columns of numbers, two classes."""
GOOD = "u,v,y\n" + ROWS
AMOUNTS = "u,v,y\n" + "".join(f"{n % 7},{n * n % 11},{n / 4}\n" for n in range(40))
DATA = "data: {source: a.csv, target: y}\n"
UTF8, CP949 = GOOD.replace("a\n", "개\n").encode(), GOOD.replace("a\n", "개\n").encode("cp949")
PACKED = gzip.compress(GOOD.encode() * 50)


def _data(**settings: str) -> str:
    return "data: {source: a.csv, target: y, " + ", ".join(f"{key}: {value}" for key, value in settings.items()) + "}\n"


def _cell(text: str, words: list[str]) -> tuple[str, str | bytes, str, list[str]]:
    """A value of the column u on line 42 that is no number."""
    return f"cell {text}", f"{GOOD}{text},1,a\n", DATA, ["a.csv:42: u: ", *words, "correct", "data.na_values"]


def _target(text: str, words: list[str]) -> tuple[str, str | bytes, str, list[str]]:
    return f"target {text}", f"{AMOUNTS}1,2,{text}\n", DATA, ["a.csv:42: y: ", *words]


NO_NUMBER = "is not a number, but 40 of 41 values are; correct the 1, or set data.na_values"
TOO_LARGE = "is too large; the largest is 3.4e+38 (float32)"
TABLES: list[tuple[str, str | bytes, str, list[str]]] = [
    # What there is of rows.
    ("empty", "", DATA, ["a.csv: is empty (0 bytes); download or write it again"]),
    ("blank", "\n \n", DATA, ["a.csv: has only blank lines; write a line of column names"]),
    ("header only", "u,v,y\n", DATA, ["a.csv: has the names of 3 columns but no rows; add rows"]),
    ("one row", "u,v,y\n1,2,a\n", DATA, ["a.csv: 1 row has a target (y); at least 2 are needed"]),
    ("two rows", "u,v,y\n1,2,a\n3,4,b\n", DATA, ["data.validation: 0.2 of 2 rows is 0 for validation and 2"]),
    ("no target left", "u,v,y\n1,2,\n3,4,NA\n", DATA, ["a.csv: y: none of the 2 rows has a target"]),
    ("no row without gaps", "u,v,y\n,2,a\n3,,b\n5,,a\n,6,b\n", _data(missing="drop"), ["a.csv: 0 rows can be used"]),
    # Rows of other lengths, quotes, the line of names.
    ("short row", f"{GOOD}1,2\n", DATA, ["a.csv:42: expected 3 values, as many as column names, but found 2; write a"]),
    ("long row", f"{GOOD}\n1,2,a,3\n", DATA, ["a.csv:43: expected 3 values", "found 4; quote values that contain ','"]),
    ("trailing commas", GOOD.replace("\n", ",\n").replace("y,", "y"), DATA, ["a.csv:2: expected 3", "(39 more such"]),
    ("open quote", f'{GOOD}1,"2,a\n{ROWS}', DATA, ['a.csv:42: a quotation mark (") opens here but is not closed']),
    ("no header", "5.1,3.5,a\n4.9,3,b\n", DATA, ['a.csv:1: the first line holds numbers ("5.1", "3.5"), not names']),
    ("no header, whole numbers", f"0,0,a\n{ROWS}", DATA, ['a.csv:1: duplicate column names: "0"',
                                                        "if this line is data, add a line of names above it"]),
    ("a name twice", f"u,u,y\n{ROWS}", DATA, ['a.csv:1: duplicate column names: "u"; rename']),
    ("very many columns", "c," * 100_000 + "c\n1\n", DATA, ["a.csv:1: has 100,001 columns; at most 100,000 are"]),
    # Values.
    *(_cell(text, [f'"{text}"', NO_NUMBER]) for text in ("abc", "0x1F", "1_000", "TRUE", "2024-01-01", "1e")),
    ("cell 1,00,0", f'{GOOD}"1,00,0",1,a\n', DATA, ['a.csv:42: u: "1,00,0"', NO_NUMBER, 'data.na_values: ["1,00,0"]']),
    ("cell of 200,000 letters", f"{GOOD}{'x' * 200_000},1,a\n", DATA, ['a.csv:42: u: "xxxx', 'x..." is not a number']),
    *(_cell(text, [f'"{text}" {TOO_LARGE}']) for text in ("1e400", "1e39", "-1e39")),
    ("first of several", f"{GOOD}x,1,a\n1,1,a\ny,1,b\n", DATA, ['a.csv:42: u: "x"', "41 of 43 values are"]),
    ("all of them counted", "u,v,y\n" + "1,2,a\n3,5,b\n4,5,a\n1:2,7,b\n" * 9, _data(types="{u: number}"), [
        'a.csv:5: u: "1:2" is not a number (8 more like it); correct it']),
    ("gaps", f"{GOOD}\n1,,a\nNaN,,b\n", _data(missing="error"), ["a.csv:44: u: has no value (missing in all: u 1"]),
    ("nothing to learn from", "u,v,y\n" + "1,,a\n1,,b\n" * 9, DATA, [
        "my.yaml:1:8: data.source: ", "has no columns left to learn from: 1 without any value, 1 with one value"]),
    # The target.
    ("no target named", GOOD, "data: {source: a.csv}\n", [
        "my.yaml:1:1: data.target: which column", "should be predicted? Write, for example, target: y; it has: u, v"]),
    ("target not there", GOOD.replace("u,", "survived,", 1), DATA.replace("y}", "survivd}"), [
        "my.yaml:1:23: data.target: ", 'no column "survivd"; it has: survived, v, y; did you mean "survived"?']),
    ("target constant", GOOD.replace(",b", ",a"), DATA, ['a.csv: y: all 40 rows with a target have the same one, "a"']),
    ("target a constant number", "u,y\n1,3.5\n2,3.50\n", DATA, ['a.csv: y: all 2 rows with a target have the same']),
    ("a class of one row", f"{GOOD}1,2,c\n", DATA, [
        'data.stratify: the class "c" has 1 row to split, but each class needs at least 2; add rows, or set']),
    ("one class left by limit", "u,y\n" + "1,a\n2,a\n" * 5 + "3,b\n4,b\n", _data(limit="8"), ["data.limit: all"]),
    *(_target(text, [f'"{text}" {TOO_LARGE}']) for text in ("1e400", "1e39")),
    _target("12~13", ['"12~13"', NO_NUMBER]),
    ("regression of texts", GOOD, _data(task="regression"), ['data.task: regression needs numbers, but "y" holds']),
    ("three classes as two", f"{GOOD}1,2,c\n3,4,c\n", _data(task="binary"), ["data.task: binary needs exactly 2 cl"]),
    ("loss of classes for numbers", AMOUNTS, f"{DATA}training: {{loss: binary_crossentropy}}\n", [
        "my.yaml:2:12: training.loss: binary_crossentropy does not fit a regression task; use mean_squared_error"]),
    ("weight of no class", GOOD, _data(class_weight="{a: 1, c: 2}"), ["data.class_weight", '"c"']),
    # Bytes.
    ("told cp949", UTF8, _data(encoding="cp949"), [
        "a.csv: is not cp949: byte 0x", "at offset ", "can be read as utf-8: set data.encoding: utf-8, or leave"]),
    ("told utf-8", CP949, _data(encoding="utf-8"), ["a.csv: is not utf-8: byte 0xb0 at offset 12", "as cp949: set"]),
    ("no text", GOOD.encode().replace(b"a\n", b"\x81\n"), DATA, ["a.csv: unknown encoding; tried"]),
    ("utf-16 without a mark", GOOD.encode("utf-16-le"), DATA, ["a.csv: contains a zero byte", "utf-16-le"]),
    ("no encoding", GOOD, _data(encoding="utf9"), ['my.yaml:1:34: data.encoding: unknown encoding "utf9"; avail']),
    ("a workbook", b"PK\x03\x04" + bytes(99), DATA, ["a.csv: is a zip archive, not text"]),
    ("packed", PACKED, DATA, ["a.csv: is compressed; its name must end in .gz"]),
    ("told semicolon", GOOD, _data(separator="';'"), ["my.yaml:1:34: data.separator: ';' does not occur", "',' does"]),
    # Settings that name columns.
    ("features", GOOD, _data(features="[uu]"), [
        "my.yaml:1:34: data.features: ", 'has no column "uu"; it has: u, v, y; did you mean "u"?']),
    ("exclude", GOOD, _data(exclude="[y]"), ['data.exclude: "y" is the target (data.target); remove it here']),
    ("types", GOOD, _data(types="{U: category}"), ['data.types: ', 'no column "U"; it has: u, v, y; did you mean']),
    ("free text", "u,v,y\n" + "".join(f"{n},a long story of {n},{'ab'[n % 2]}\n" for n in range(60)), DATA, [
        'free text (5 words on average, 60 distinct texts) in "v"', "set data.exclude: [v]"]),
]  # fmt: skip


STREAMED = "validate -s data.streaming=always"
ONLY_IN_MEMORY = ("all of them counted", "no row without gaps", "a class of one row", "one class left by limit")
"""Streamed rows are looked at batch by batch, and drawn and left out without regard to their classes."""
CASES = [
    pytest.param(command, *row, id=f"{name}, {command}")
    for name, *row in TABLES
    for command in ("validate", "train", STREAMED)
    if command != STREAMED or name not in ONLY_IN_MEMORY
]


@pytest.mark.parametrize(("command", "content", "config", "words"), CASES)
def test_a_table_that_is_refused(
    mlpcli_here: Any,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    nothing_written: Any,
    command: str,
    content: str | bytes,
    config: str,
    words: list[str],
) -> None:
    (tmp_path / "a.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    (tmp_path / "my.yaml").write_text(config, encoding="utf-8")
    monkeypatch.setenv("MLPCLI_CACHE", str(tmp_path_factory.mktemp("cache")))  # which streaming may fill
    verb, *overrides = command.split()
    with nothing_written(tmp_path):
        done = mlpcli_here(verb, "my.yaml", *overrides)
    is_refused(done, words)


def is_refused(done: Any, words: list[str]) -> None:
    """Exit code 2, and one short line on standard error that says all of this."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
    assert [word for word in words if word not in done.stderr] == [], done.stderr
    assert len(done.stderr) < 700
