"""Which column is predicted, whether it is classes or a number, and how labels become indices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlpcli.config.sections import DataConfig
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.column_forms import profile_columns
from mlpcli.tables.guess_target import guess_target
from mlpcli.tables.raw_table import RawTable
from mlpcli.tables.target import TargetEncoder, choose_target

STRANGE = ['a, "b"', "두\n줄", "=1+1", "말"]


def raw(columns: Mapping[str, Sequence[Any]]) -> RawTable:
    return RawTable(
        pa.table({name: pa.array(values) for name, values in columns.items()}), lambda row: f"표.csv:{row + 2}"
    )


def chosen(values: Sequence[Any], **settings: Any) -> tuple[TargetEncoder, list[str]]:
    data = DataConfig(source="표.csv", **{"target": "y", **settings})
    return choose_target("표.csv", profile_columns([raw({"x": range(len(values)), "y": values})], data), data)


def encoded(values: Sequence[Any], **settings: Any) -> list[Any]:
    return chosen(values, **settings)[0].encode(raw({"y": values})).tolist()


@pytest.mark.parametrize(
    ("values", "names", "indices"),
    [
        (["말", "개", "개"], ("개", "말"), [1, 0, 0]),
        (["10", "9", "10"], ("9", "10"), [1, 0, 1]),
        ([1, 0, 1], ("0", "1"), [1, 0, 1]),
        ([1.0, 0.0, 1.0], ("0", "1"), [1, 0, 1]),
        (["1", "1.0", "0"], ("0", "1"), [1, 1, 0]),
        ([True, False, True], ("false", "true"), [1, 0, 1]),
        (["True", "False", "TRUE"], ("false", "true"), [1, 0, 1]),
        (["yes", "no", "yes"], ("no", "yes"), [1, 0, 1]),
        (["-1", "1", "-1"], ("-1", "1"), [0, 1, 0]),
        ([*STRANGE, "말"], tuple(sorted(STRANGE)), [1, 2, 0, 3, 3]),
    ],
)
def test_labels_become_classes(values: list[Any], names: tuple[str, ...], indices: list[int]) -> None:
    encoder, _ = chosen(values)
    assert encoder.class_names == names
    y = encoder.encode(raw({"y": values}))
    assert y.dtype == np.int64
    assert y.tolist() == indices


@pytest.mark.parametrize(
    ("values", "settings", "expected"),
    [
        (["0.5", "2", "1e1"], {}, [0.5, 2.0, 10.0]),
        ([str(number) for number in range(21)], {}, [float(number) for number in range(21)]),
        (["0", "1", "1"], {"task": "regression"}, [0.0, 1.0, 1.0]),
        (["0", "1", "1"], {"types": {"y": "number"}}, [0.0, 1.0, 1.0]),
        ([True, False], {"task": "regression"}, [1.0, 0.0]),
    ],
)
def test_numbers_stay_numbers(values: list[Any], settings: dict[str, Any], expected: list[float]) -> None:
    encoder, _ = chosen(values, **settings)
    assert encoder.class_names is None
    y = encoder.encode(raw({"y": values}))
    assert y.dtype == np.float32
    assert y.tolist() == expected


def test_the_task_that_was_chosen_is_said() -> None:
    assert chosen(["0", "1", "1"])[1] == [
        'target "y" holds 2 whole numbers: classes; data.task: regression reads them as amounts'
    ]
    many = [str(number % 30) for number in range(60)]
    assert chosen(many)[1] == [
        'target "y" is a number: regression; data.task: classification reads its 30 values as classes'
    ]
    assert chosen(["0.5", "2", "1"])[1] == ['target "y" is a number: regression']
    assert chosen(["a", "b"])[1] == chosen(many, task="classification")[1] == []


def test_more_whole_numbers_become_classes_when_asked() -> None:
    twenty = chosen([str(number % 20) for number in range(60)])[0].class_names
    assert twenty is not None
    assert len(twenty) == 20
    names = chosen([str(number % 30) for number in range(60)], task="classification")[0].class_names
    assert names is not None
    assert names[8:11] == ("8", "9", "10")
    assert chosen(["0.5", "1.5", "0.5"], types={"y": "category"})[0].class_names == ("0.5", "1.5")


def test_rows_without_a_target_are_counted() -> None:
    assert chosen(["a", None, "b", None])[1] == ['2 of 4 rows have no target value and are left out (column "y")']
    assert chosen(["a", None, "b"])[1][0].startswith("1 of 3 rows has no target value and is left out")


@pytest.mark.parametrize(
    ("columns", "guess"),
    [
        (["pclass", "survived", "class"], "survived"),
        (["Species", "island"], "Species"),
        (["정답", "특징"], "정답"),
        (["x", "Y ", "z"], "Y "),
        (["TARGET", "label"], "TARGET"),
        (["a", "b", "c"], "c"),
        (["a", "b", "only one value"], "b"),
        (["only one value"], "only one value"),
        (["a", "label of"], "label of"),
    ],
)
def test_a_guess(columns: list[str], guess: str) -> None:
    table = raw({name: ["1", "1"] if name == "only one value" else ["1", "2"] for name in columns})
    assert guess_target(columns, profile_columns([table], DataConfig(source="t.csv"))) == guess


def test_no_target_proposes_one() -> None:
    with pytest.raises(SettingError) as raised:
        chosen(["0", "1"], target=None)
    assert str(raised.value) == (
        "data.target: which column of 표.csv should be predicted? Write, for example, target: y; it has: x, y"
    )


@pytest.mark.parametrize(
    ("values", "settings", "error", "message"),
    [
        (
            ["1", "2"],
            {"target": "Y"},
            SettingError,
            'data.target: 표.csv has no column "Y"; it has: x, y; did you mean "y"?',
        ),
        ([None, None], {}, DataError, "표.csv: y: none of the 2 rows has a target; choose another data.target"),
        (
            ["a", "a", None],
            {},
            DataError,
            '표.csv: y: all 2 rows with a target have the same one, "a"; add rows with others',
        ),
        (
            ["1000000000001.5", "1000000000002.5"],
            {},
            DataError,
            "표.csv: y: its numbers, 1000000000001.5 to 1000000000002.5, are the same in 32 bits",
        ),
        (["5", "5.0"], {}, DataError, '표.csv: y: all 2 rows with a target have the same one, "5"'),
        (["1", "2", "3", "4", "x"], {}, DataError, '표.csv:6: y: "x" is not a number, but 4 of 5 values are'),
        (["1", "2", "3", "4", "x"], {"task": "regression"}, DataError, '표.csv:6: y: "x" is not a number'),
        (["a", "b"], {"task": "regression"}, SettingError, 'data.task: regression needs numbers, but "y" holds text'),
        (["0", "1", "2"], {"task": "binary"}, SettingError, "data.task: binary needs exactly 2 classes"),
        (["2024-01-01", "2024-01-02"], {}, SettingError, 'data.target: "y" holds dates, which cannot be predicted'),
        (["1", "2"], {"types": {"y": "date"}}, SettingError, 'data.target: "y" holds dates'),
        (
            [f"name {number}" for number in range(21)],
            {},
            SettingError,
            'data.target: "y" of 표.csv has 21 different labels in 21 rows, too many to learn as classes (at most'
            " 1,000, each with several rows); choose another column, or group the labels",
        ),
        (
            [f"name {number % 1001}" for number in range(5005)],
            {},
            SettingError,
            'data.target: "y" of 표.csv has 1,001 different labels in 5,005 rows',
        ),
        (
            [str(number) for number in range(1001)],
            {"task": "classification"},
            SettingError,
            'data.task: "y" of 표.csv has 1,001 different labels in 1,001 rows, too many to learn as classes (at most'
            " 1,000, each with several rows); set data.task: regression",
        ),
    ],
)
def test_targets_that_cannot_be_learnt(
    values: list[Any], settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        chosen(values, **settings)


def test_mixed_labels_are_classes_when_asked() -> None:
    assert chosen(["1", "2", "3", "4", "x"], task="classification")[0].class_names == ("1", "2", "3", "4", "x")


@pytest.mark.parametrize(
    ("names", "values", "message"),
    [
        (
            ("개", "말"),
            ["개", "소", "소"],
            '표.csv:3: y: the label "소" is not in any training row (2 rows have unknown labels); classes are "개"',
        ),
        (("0", "1"), ["1", None], "표.csv:3: y: has no value (1 such row in all); fill it in, or leave out the row"),
        (("a", "b"), ["0"], '표.csv:2: y: the label "0" is not in any training row (1 row has unknown labels)'),
        (None, ["1", "inf"], "표.csv:3: y"),
        (None, [1.0, float("inf")], "표.csv:3: y"),
        (None, ["1e39"], "표.csv:2: y"),
        (None, ["1", "x"], '표.csv:3: y: "x"'),
        (None, [1.0, float("nan")], "표.csv:3: y: has no value"),
    ],
)
def test_bad_values_name_their_place(names: tuple[str, ...] | None, values: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        TargetEncoder(("y",), names).encode(raw({"y": values}))


def test_positions_stand_for_classes_whose_names_are_no_numbers() -> None:
    assert TargetEncoder(("y",), ("a", "b"), positions=True).encode(raw({"y": ["1", "a", "0"]})).tolist() == [1, 0, 0]
    assert TargetEncoder(("y",), ("1", "0"), positions=True).encode(raw({"y": ["1", "0"]})).tolist() == [0, 1]


def test_a_typed_column_gives_the_same_as_its_text() -> None:
    assert encoded([3, 5, 3]) == encoded(["3", "5", "3"]) == encoded([3.0, 5.0, 3.0]) == [0, 1, 0]
