from __future__ import annotations

from mlpcli.tables.column_format import ColumnFormat
from mlpcli.tables.number_format import NumberFormat
from mlpcli.tables.preprocessing import Preprocessing
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.target import TargetEncoder


def test_the_units_that_were_written_with_the_targets() -> None:
    formats = {"mileage": ColumnFormat(number=NumberFormat(unit="kmpl")), "age": ColumnFormat(gaps=("?",))}
    target = TargetEncoder(("mileage", "age", "plain"), None)
    assert Preprocessing((), target, ReadOptions(formats=formats), "error").target_units == ("kmpl", "", "")
    assert Preprocessing((), target, ReadOptions(formats=None), "error").target_units == ("", "", "")
