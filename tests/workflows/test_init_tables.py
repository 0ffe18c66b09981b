"""First configs for tables: targets guessed or named, columns that are left out, names of any kind."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpcli.config.load_config import load_config
from mlpcli.config.sections import GenerateConfig
from mlpcli.config.yaml_reader import FORBIDDEN_CHARACTER
from mlpcli.data.generated import RECIPES, generate
from mlpcli.data.load_data import load_data
from mlpcli.errors import DataError, SettingError
from mlpcli.text import clean_text
from mlpcli.workflows.init import init
from mlpcli.workflows.prepare import prepare, read_config, say_findings
from mlpcli.workflows.validate import validate


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _write(path: Path | str, columns: dict[str, Sequence[Any]]) -> Path:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return Path(path)


def _numbers(rows: int = 60) -> list[float]:
    return [round(float(value), 3) for value in np.random.default_rng(0).normal(size=rows)]


@pytest.mark.parametrize(("table", "target", "inputs"), [("penguins", "species", 14), ("titanic", "survived", 33)])
def test_real_tables(table: str, target: str, inputs: int, shared_data: Path) -> None:
    result = init(shared_data / "tabular" / f"{table}.csv", preset="fast")
    assert result.notes == (f"guessed the target: {target} (change it with --target COLUMN)",)
    assert f"with {inputs} inputs" in result.text
    checked = validate(result.config or "")
    assert checked.config.data.target == target
    assert (checked.plan.task == "binary") == (table == "titanic")
    assert ("# exclude: [alive]" in result.text) == (table == "titanic")


def _counted(text: str) -> int:
    return int(re.search(r"rows with ([\d,]+) inputs?", text)[1].replace(",", ""))  # type: ignore[index]


@pytest.mark.parametrize(("table", "target"), [("penguins", "species"), ("titanic", "survived")])
def test_the_inputs_of_real_tables_are_those_that_training_gets(table: str, target: str, shared_data: Path) -> None:
    result = init(shared_data / "tabular" / f"{table}.csv", target=target, preset="fast")
    assert validate(result.config or "").facts.input_shape == (_counted(result.text),)


def test_rare_categories_are_counted_as_the_one_input_that_they_become() -> None:
    """3 frequent cities and (other) for 40 rare ones; 2 colours and gaps; 1 number with its indicator; 1 without."""
    rare = [f"village {row}" for row in range(40)]
    cities = [*rare, *(["Rome", "Oslo", "Bonn"] * 120)]
    columns: dict[str, Sequence[Any]] = {
        "city": cities,
        "colour": ["red", "blue", "", "red"] * 100,
        "size": ["", 1.5, 2.5, 3.5, 4.5] * 80,
        "x": _numbers(400),
        "y": ["a", "b"] * 200,
    }
    result = init(_write("p.csv", columns), target="y")
    assert _counted(result.text) == 4 + 3 + 2 + 1
    assert validate(result.config or "").facts.input_shape == (10,)


def test_rows_behind_the_first_batch_count_too() -> None:
    """The first 65,536 rows have one of the two frequent shops only, no gap, and all rows of the rare ones."""
    shops = ["first"] * 65_500 + [f"rare {row}" for row in range(50)] + ["second"] * 2_000
    amounts = [*[1.5, 2.5] * 33_000, *[""] * 1_550]
    data = _write("p.csv", {"shop": shops, "amount": amounts, "y": ["a", "b"] * 33_775})
    result = init(data, target="y", preset="fast")
    assert _counted(result.text) == 3 + 2


@pytest.mark.parametrize("name", RECIPES)
def test_a_generated_set_as_a_csv_has_the_same_numbers(name: str) -> None:
    result = init(generate=name)
    assert (result.config, result.data) == (Path(f"{name}.yaml"), Path(f"{name}.csv"))
    loaded = load_config(Path(f"{name}.yaml")).config
    source = load_data(loaded.data, loaded.seed).source
    x, y = generate(name, GenerateConfig())
    np.testing.assert_array_equal(source.train.x, x.astype(np.float32))
    np.testing.assert_array_equal(source.train.y, y.astype(source.train.y.dtype))
    assert result.text.count("a guess") == 0


def test_the_animals_are_written_with_their_header(tmp_path: Path) -> None:
    (tmp_path / "수업").mkdir()
    result = init(generate="animals", output=Path("수업/동물.yaml"))
    assert (result.config, result.data) == (Path("수업/동물.yaml"), Path("수업/animals.csv"))
    lines = Path("수업/animals.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "hair,wings,animal"
    assert len(lines) == 601
    assert set(lines[1:]) == {"0,0,other", "1,0,mammal", "0,1,bird", "1,1,other"}
    assert "  source: animals.csv\n" in result.text


def test_a_target_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r'--target: .*no column "anmal"; it has: .*; did you mean "animal"'):
        init(generate="animals", target="anmal")
    assert list(tmp_path.iterdir()) == []


def test_the_target_is_guessed_or_named() -> None:
    data = _write("p.csv", {"label": ["a", "b"] * 30, "x": _numbers(), "price": _numbers()})
    result = init(data, output=Path("-"))
    assert re.search("target: label +# a guess; 2 classes: a, b", result.text)
    result = init(data, target="price", output=Path("-"))
    assert "target_scaling: standardize" in result.text
    assert result.notes == ()


def test_columns_of_every_kind_are_listed() -> None:
    columns: dict[str, Sequence[Any]] = {
        "키": _numbers(),
        "색": ["빨강", "파랑", "", "초록"] * 15,
        "학생": ["예", "아니오"] * 30,
        "날": [f"2024-01-{day % 28 + 1:02}" for day in range(60)],
        "같음": ["=1"] * 60,
        "점수": _numbers()[::-1],
    }
    text = init(_write("자료.csv", columns), target="점수").text
    kinds = [line.split()[1:3] for line in text.splitlines() if line.startswith("  #   ")]
    assert kinds == [
        *(["키", "number"], ["색", "category"], ["학생", "boolean"], ["날", "date"], ["같음", "dropped"]),
        ["점수", "target"],
    ]
    assert "3 values: 빨강, 파랑, 초록, 15 missing" in text
    assert validate("자료.yaml").plan.task == "regression"


def test_row_numbers_are_suggested_to_be_left_out() -> None:
    text = init(_write("p.csv", {"id": range(60), "x": _numbers(), "y": ["a", "b"] * 30})).text
    assert "  # exclude: [id]  # perhaps better left out" in text
    assert validate("p.yaml").facts.feature_names == ("id", "x")


def test_whole_numbers_that_behave_as_codes_are_offered_as_categories() -> None:
    draw = np.random.default_rng(0)
    zone, size = draw.integers(1, 8, 2000), draw.integers(1, 8, 2000)
    price = np.array([5, 1, 5, 1, 5, 1, 5])[zone - 1] + size + draw.normal(size=2000)
    text = init(_write("p.csv", {"zone": zone, "size": size, "price": price.round(2)}), target="price").text
    assert re.search(r"  # types: \{zone: category\} +# perhaps codes, not amounts\n", text)
    checked = validate("p.yaml")
    assert checked.look is not None
    assert [finding.columns for finding in checked.look.findings if finding.topic == "codes"] == [("zone",)]
    said: list[str] = []
    say_findings(prepare(read_config(Path("p.yaml"), [])), SimpleNamespace(note=said.append))  # type: ignore[arg-type]
    assert [note for note in said if "codes" in note] == [
        'note: perhaps codes, not amounts: "zone"; data.types: {zone: category} reads them as categories'
        " (mlpcli validate has the numbers)"
    ]
    read = validate("p.yaml", ["data.types={zone: category}"])
    assert read.look is not None
    assert "codes" not in [finding.topic for finding in read.look.findings]


def test_what_cannot_be_learnt_from_is_excluded_and_said() -> None:
    comments = [f"this is comment number {index} of them" for index in range(60)]
    mixed = [*range(59), "12~13"]
    result = init(_write("p.csv", {"리뷰": comments, "수": mixed, "x": _numbers(), "y": ["a", "b"] * 30}))
    assert "  exclude: [리뷰, 수]  # cannot be read as they are" in result.text
    assert [note.split(":")[0] for note in result.notes] == [
        "guessed the target", "column 리뷰 is excluded", "column 수 is excluded",
    ]  # fmt: skip
    assert 'p.csv:61: 수: "12~13" is not a number' in " ".join(result.notes)
    assert validate("p.yaml").facts.feature_names == ("x",)


def test_a_class_with_a_single_row_is_not_stratified() -> None:
    text = init(_write("p.csv", {"x": _numbers(), "y": [*(["a", "b"] * 29), "a", "c"]})).text
    assert "stratify: false" in text
    assert validate("p.yaml").config.data.stratify is False


def test_very_many_columns_are_counted(tmp_path: Path) -> None:
    columns = {f"x{index}": _numbers(20) for index in range(100)}
    text = init(_write("p.csv", {**columns, "y": ["a", "b"] * 10})).text
    assert "... and 41 more" in text
    assert text.count("  #   ") == 61


@pytest.mark.parametrize(
    ("columns", "target", "message"),
    [
        ({"x": _numbers(), "y": ["a"] * 60}, "y", "all 60 rows"),
        ({"x": _numbers(), "y": ["a", "b"] * 30}, "z", r'--target: p.csv has no column "z"'),
        ({"x": _numbers(), "y": [f"n{index}" for index in range(60)]}, "y", "--target: .*60 different labels"),
        ({"x": _numbers(), "날": [f"2024-01-{day % 28 + 1:02}" for day in range(60)]}, None, "with --target"),
    ],
)
def test_a_target_that_does_not_fit(columns: dict[str, Sequence[Any]], target: str | None, message: str) -> None:
    with pytest.raises((DataError, SettingError), match=message):
        init(_write("p.csv", columns), target=target)
    assert not Path("p.yaml").exists()


def test_folders_and_patterns_of_tables(tmp_path: Path) -> None:
    (tmp_path / "조각들").mkdir()
    for part in (1, 2):
        _write(tmp_path / "조각들" / f"{part}.csv", {"x": _numbers(), "y": ["a", "b"] * 30})
    assert init("조각들").config == Path("조각들.yaml")
    assert validate("조각들.yaml").facts.train_rows == 77  # 120 rows, 24 for testing, 19 for validation
    result = init("조각들/*.csv", output=Path("pattern.yaml"))
    assert "  source: 조각들/*.csv\n" in result.text
    assert validate("pattern.yaml").facts.train_rows == 77


TEXTS = (
    st.text(min_size=1, max_size=12).map(str.strip).filter(lambda text: text and not FORBIDDEN_CHARACTER.search(text))
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(TEXTS.filter(clean_text), min_size=3, max_size=3, unique_by=clean_text),
    labels=st.lists(TEXTS, min_size=2, max_size=2),
)
def test_names_with_any_characters_survive(names: list[str], labels: list[str], tmp_path: Path) -> None:
    """Written to Parquet, where a column may be called anything; all that can be named in a config is named rightly."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    labels = [f"{label} {index}" for index, label in enumerate(labels)]
    review = [f"this is comment number {index} of them" for index in range(60)]
    values = (labels * 30, _numbers(), review)
    parquet.write_table(pa.table(dict(zip(names, values, strict=True))), tmp_path / "t.parquet")
    (tmp_path / "t.yaml").unlink(missing_ok=True)
    init("t.parquet", target=names[0])
    data = load_config(tmp_path / "t.yaml").config.data
    assert (data.target, data.exclude) == (clean_text(names[0]), [clean_text(names[2])])
