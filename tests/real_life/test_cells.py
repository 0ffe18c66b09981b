"""Cells as people bring them: what each column of texts is read as, and what is said of it.

The right values stand beside the texts, written by hand. Each column is read in memory and batch by batch, and once
more as `predict` does, by the format that a model file keeps.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.sections import DataConfig
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.clean_texts import clean_texts
from mlpcli.tables.column_format import ColumnFormat
from mlpcli.tables.kinds import Decisions, decide
from mlpcli.tables.number_format import Decimal, NumberFormat
from mlpcli.tables.preprocessing import Preprocessing, fit_preprocessing
from mlpcli.tables.raw_table import RawTable, ReadOptions
from mlpcli.tables.table_reader import read_table
from mlpcli.tables.values import CONVERSIONS

NAN = float("nan")


def table(**columns: Sequence[str]) -> RawTable:
    """As a CSV is read: texts, with nulls for empty cells."""
    return RawTable(pa.table({name: clean_texts(pa.chunked_array([texts])) for name, texts in columns.items()}), str)


def decided(texts: Sequence[str], name: str = "c", batch: int | None = None, **settings: Any) -> Decisions:
    """What is decided of a column `c`, beside a target of two classes."""
    whole = table(**{name: texts, "y": ["a", "b"] * (len(texts) // 2) + ["a"] * (len(texts) % 2)})
    step = batch or len(texts)
    rows = [whole.take(np.arange(start, min(start + step, len(texts)))) for start in range(0, len(texts), step)]
    return decide("t.csv", rows, DataConfig(source="t.csv", target="y", **settings))  # type: ignore[arg-type]


def values(decisions: Decisions, texts: Sequence[str], name: str = "c") -> np.ndarray[Any, Any]:
    """The column as numbers, NaN for gaps: read by the format that went through a model file's JSON."""
    kind = decisions.kinds[name]
    assert kind != "category", f"{kind}: {decisions.notes}"
    raw = table(**{name: texts, "y": ["a"] * len(texts)})
    options = ReadOptions(formats=decisions.formats)
    plain = raw.read_as(options)
    kinds = {name: kind}
    fitted, _ = fit_preprocessing([plain], kinds, decisions.target, DataConfig(source="t.csv", target="y"), options)
    again = Preprocessing.from_json(fitted.as_json()).options
    assert again.formats == decisions.formats
    read = raw.read_as(again).columns[name]
    return CONVERSIONS[kind](read, name, str)


def day(text: str) -> float:
    moment = datetime.datetime.fromisoformat(text)
    return (moment - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1)


NUMBERS = [
    ("a unit behind", ["18.2 kmpl", "9 kmpl", "21.77kmpl", "0 kmpl"], [18.2, 9, 21.77, 0], "the unit kmpl"),
    ("a unit in capitals", ["1248 CC", "998 cc", "1497 CC"], [1248, 998, 1497], "the unit CC"),
    ("a unit of two words", ["850 sq ft", "1,200 sq ft", "99 sq ft"], [850, 1200, 99], "the unit sq ft"),
    ("square metres", ["84.9㎡", "59㎡", "101.2㎡"], [84.9, 59, 101.2], "the unit ㎡"),
    ("Korean units", ["3명", "12명", "1,004명"], [3, 12, 1004], "the unit 명"),
    ("percent", ["12.5%", "3 %", "0.75%"], [12.5, 3, 0.75], "the unit %"),
    ("dollars", ["$4,500", "$20", "$1,164.00", "-$5"], [4500, 20, 1164, -5], "the unit $"),
    ("won", ["₩53600", "￦1,000", "₩ 7"], [53600, 1000, 7], "the unit ₩"),
    ("won as cp949 has it", ["\\31,100", "\\900", "\\7"], [31100, 900, 7], "the unit \\"),
    ("a currency's code", ["USD 5", "USD 1,250.75", "USD 7"], [5, 1250.75, 7], "the unit USD"),
    ("won behind", ["53,600원", "900원", "1,200,000원"], [53600, 900, 1200000], "the unit 원"),
    ("thousands", ["1,250", "950", "12,000"], [1250, 950, 12000], "thousands separators"),
    ("Indian thousands", ["1,23,456", "99", "12,34,567.5"], [123456, 99, 1234567.5], "thousands separators"),
    ("a decimal comma", ["5,125", "5,5", "12"], [5.125, 5.5, 12], "a decimal comma"),
    ("both", ["1.234,56", "12", "7,5"], [1234.56, 12, 7.5], "a decimal comma and thousands separators"),
    ("points between thousands", ["5.100", "950", "12.300", "8.000"], [5100, 950, 12300, 8000], "thousands separators"),
    ("blanks between thousands", ["53 600.0", "1\u00a0200", "7\u202f000", "3"], [53600, 1200, 7000, 3], "separators"),
    ("apostrophes", ["1'234.5", "2’000", "7"], [1234.5, 2000, 7], "thousands separators"),
    ("minus signs", ["−3.5", "–2", "4", "-1"], [-3.5, -2, 4, -1], ""),
    ("brackets for negatives", ["(3.5)", "2", "($1,200)", "($7)"], [-3.5, 2, -1200, -7], "the unit $"),
    ("a sign behind", ["3.5-", "2", "1,000-"], [-3.5, 2, -1000], "thousands separators"),
    ("full width", ["１２．５", "３", "−４"], [12.5, 3, -4], ""),
    ("Arabic digits", ["١٢", "٣٫٥", "4"], [12, 3.5, 4], ""),
    ("exponents with units", ["1.5e3 m", "2E-2 m", "7 m"], [1500, 0.02, 7], "the unit m"),
    ("at least", ["1,000+", "5+", "100+"], [1000, 5, 100], "the unit +"),
    ("speeds", ["60 km/h", "55.5 km/h", "7 km/h"], [60, 55.5, 7], "the unit km/h"),
    ("degrees", ["36.6°C", "-4 °C", "0°C"], [36.6, -4, 0], "the unit °C"),
    ("years", ["1 year", "2 years", "10 years"], [1, 2, 10], "the unit years"),
    ("a unit that some lack", ["5 kg", "6", "7 kg"], [5, 6, 7], "the unit kg"),
]


@pytest.mark.parametrize(
    ("texts", "numbers", "said"), [case[1:] for case in NUMBERS], ids=[case[0] for case in NUMBERS]
)
@pytest.mark.parametrize("batch", [None, 2])
def test_numbers_in_another_dress(texts: list[str], numbers: list[float], said: str, batch: int | None) -> None:
    found = decided(texts, batch=batch)
    np.testing.assert_allclose(values(found, texts), numbers, rtol=1e-12)
    notes = " ".join(found.notes)
    assert said in notes
    assert 'column "c"' in notes or not said


PLAIN = ["1", "2.5", "-3", "4e2", "17", "8"]
WORDS = ["#DIV/0!", "?", "-", "\\N", "Infinity", "-inf", "#N/A", "N/A", "없음", "unknown", "...", "NaN"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("every", [20, 2], ids=["5 %", "half"])
def test_words_among_numbers_are_gaps_and_named(word: str, every: int) -> None:
    texts = [word if row % every == 0 else f"{row / 4}" for row in range(40)]
    found = decided(texts)
    assert found.kinds == {"c": "number"}
    read = values(found, texts)
    np.testing.assert_array_equal(np.isnan(read), [text == word for text in texts])
    assert found.columns[0].missing == 40 // every
    usual = word in ("\\N", "#N/A", "N/A", "NaN")
    assert usual or any(f'("{word}" {40 // every})' in note for note in found.notes)
    assert usual or "data.types: {c: category}" in " ".join(found.notes)


def test_an_unknown_word_is_a_gap_where_it_is_rare_among_many_amounts() -> None:
    texts = [*(f"{row}.5" for row in range(40)), "refused"]
    found = decided(texts)
    assert found.kinds == {"c": "number"}
    assert '("refused" 1)' in " ".join(found.notes)
    with pytest.raises(DataError, match='"A" is not a number, but 9 of 10 values are'):
        decided(["1", "2", "3", "1", "2", "3", "1", "2", "3", "A"])  # codes, of which A is one more
    with pytest.raises(DataError, match='"12~13" is not a number'):
        decided([*(f"{row}.5" for row in range(40)), "12~13"])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([f"{row} {'kg' if row % 4 else 'lbs'}" for row in range(40)], "have different units: kg 30, lbs 10"),
        ([f"{row}.5%" if row % 4 else f"0.{row}1" for row in range(40)], "have different units: % 30, none 10"),
        ([f"{row}.5" if row % 4 else f"{row},5" for row in range(40)], "30 with a decimal point (1.5) and 10 with"),
        ([f"{row}M" if row % 4 else f"{row}k" for row in range(40)], "have different units: M 30, k 10"),
        (
            [*map(str, range(4000, 4343)), "465O"],
            "have different units: O 1, none 343 (a typing mistake?)",
        ),  # a letter for a digit
    ],
)
def test_what_does_not_go_together_is_refused_with_the_counts(texts: list[str], message: str) -> None:
    with pytest.raises(DataError) as raised:
        decided(texts)
    assert message in str(raised.value)
    assert "data.exclude: [c]" in str(raised.value)
    assert decided(texts, types={"c": "category"}).kinds == {"c": "category"}


@pytest.mark.parametrize(
    "texts",
    [
        ["2WD", "4WD"] * 20,
        ["1st", "2nd", "3rd", "4th"] * 10,
        ["A1", "B2", "C3", "A2"] * 10,
        ["3 pm", "4 pm", "11 am"] * 10,
        ["10-19", "20-29", "30-39"] * 10,
        ["1.2.3", "1.2.4", "2.0.0"] * 10,
        ["3 blind mice and their tails", "7 blind mice and their tails", "9 abcdefghijklmnopqrstu"] * 10,
        [
            f"{row % 9} {street}"
            for row, street in enumerate(["Main St", "Oak Ave", "Elm Rd", "1st", "Hill", "Bay"] * 6)
        ],
    ],
    ids=lambda texts: texts[0],
)
def test_what_only_looks_like_a_number_with_a_unit_stays_a_category(texts: list[str]) -> None:
    assert decided(texts).kinds == {"c": "category"}


def test_a_new_file_is_read_as_training_was() -> None:
    """5,125 alone may be anything; the model knows that this column has decimal commas, and that one thousands."""
    comma = decided(["5,125", "5,5", "1"])
    assert values(comma, ["5,125", "1,250"]).tolist() == [5.125, 1.25]
    grouped = decided(["$5,125", "$5", "$1"])
    assert values(grouped, ["5,125", "$1,250"]).tolist() == [5125, 1250]
    plain = decided(["5.125", "5", "1.5"])
    with pytest.raises(DataError, match='"5,125" is not a number'):
        values(plain, ["5,125"])
    with pytest.raises(DataError, match='"5 lbs" is not a number'):
        values(decided(["5 kg", "6 kg", "7 kg"]), ["5 lbs"])


def test_the_config_says_which_sign_is_the_decimal_one() -> None:
    texts = ["1,250", "2,500", "3,125"]
    assert values(decided(texts), texts).tolist() == [1250, 2500, 3125]
    assert 'data.decimal: "," reads it in the other way' in " ".join(decided(texts).notes)
    assert values(decided(texts, decimal=","), texts).tolist() == [1.25, 2.5, 3.125]
    clear = ["1.5", "2.25", "7"]  # whose rows tell, so that the setting has nothing to decide
    assert values(decided(clear, decimal=","), clear).tolist() == [1.5, 2.25, 7]


def test_a_date_format_that_does_not_fit_is_refused_and_not_forgotten() -> None:
    texts = ["11 of 10", "12 of 10", "13 of 10"] * 4
    found = decided(texts, date_format={"c": "%d/%m/%Y"})
    assert found.kinds == {"c": "date"}
    with pytest.raises(DataError, match='"11 of 10" is not a date'):
        values(found, texts)


MOMENTS = [
    (
        "Excel in Korean",
        ["2024-10-11 오후 3:20:00", "2024-01-31 오전 12:05:00"],
        ["2024-10-11 15:20", "2024-01-31 00:05"],
    ),
    (
        "Google Sheets in Korean",
        ["2024. 10. 11. 오후 3:20", "2024. 1. 2. 오전 9:05"],
        ["2024-10-11 15:20", "2024-01-02 09:05"],
    ),
    ("UTC", ["2012-04-21 04:30:42 UTC", "2012-04-22 00:00:00 UTC"], ["2012-04-21 04:30:42", "2012-04-22"]),
    ("zones", ["2024-10-11T15:20:00Z", "2024-10-11T15:20:00+09:00"], ["2024-10-11 15:20", "2024-10-11 06:20"]),
    ("day first", ["11/10/2024", "31/01/2024"], ["2024-10-11", "2024-01-31"]),
    ("month first", ["10/11/2024", "01/31/2024 5:30 PM"], ["2024-10-11", "2024-01-31 17:30"]),
    ("German", ["11.10.2024", "31.1.2024 18:00"], ["2024-10-11", "2024-01-31 18:00"]),
    ("two-digit years", ["31.01.24", "01.02.69"], ["2024-01-31", "1969-02-01"]),
    ("two-digit years first", ["24.10.31", "24.1.2"], ["2024-10-31", "2024-01-02"]),
    ("names of months", ["11-Oct-2024", "2 January 2024"], ["2024-10-11", "2024-01-02"]),
    ("American", ["Oct 11, 2024", "January 2, 2024 12:00 AM"], ["2024-10-11", "2024-01-02"]),
    ("Korean words", ["2024년 10월 11일 오후 3시 20분", "2024년 1월 2일"], ["2024-10-11 15:20", "2024-01-02"]),
    ("weekdays", ["2024-10-11 (금)", "2024-10-12 (토) 15:20"], ["2024-10-11", "2024-10-12 15:20"]),
]


@pytest.mark.parametrize(("texts", "moments"), [case[1:] for case in MOMENTS], ids=[case[0] for case in MOMENTS])
def test_dates_as_people_write_them(texts: list[str], moments: list[str]) -> None:
    rows = texts * 3
    found = decided(rows)
    assert found.kinds == {"c": "date"}
    np.testing.assert_allclose(values(found, rows), [day(text) for text in moments] * 3, rtol=0, atol=1e-9)


def test_dates_that_do_not_tell_the_day_from_the_month_are_asked_about() -> None:
    texts = ["11/10/2024", "10/11/2024", "01/02/2024"]
    with pytest.raises(SettingError) as raised:
        decided(texts)
    assert raised.value.key == "data.date_format"
    assert "{c: dmy} (day first) or {c: mdy} (month first)" in str(raised.value)
    assert values(decided(texts, date_format={"c": "dmy"}), texts)[0] == day("2024-10-11")
    assert values(decided(texts, date_format={"c": "mdy"}), texts)[0] == day("2024-11-10")
    assert values(decided(texts, date_format={"c": "%d/%m/%Y"}), texts)[0] == day("2024-10-11")


@pytest.mark.parametrize(
    ("name", "texts", "first", "said"),
    [
        ("order_date", ["20241011", "20240131", "20231231"], "2024-10-11", "dates written 20241011"),
        ("주문일자", ["45576", "45577.5", "45580"], "2024-10-11", "spreadsheet dates"),
        ("timestamp", ["1728658800", "1728658801", "1728650000"], "2024-10-11 15:00", "seconds since 1970"),
        ("timestamp_ms", ["1728658800000", "1728658800001"], "2024-10-11 15:00", "milliseconds since 1970"),
    ],
)
def test_numbers_under_the_name_of_a_date(name: str, texts: list[str], first: str, said: str) -> None:
    found = decided(texts, name)
    assert found.kinds == {name: "date"}
    assert values(found, texts, name)[0] == pytest.approx(day(first), abs=1e-9)
    assert said in " ".join(found.notes)
    assert decided(texts, "amount").kinds == {"amount": "number"}
    assert decided(texts, "amount", types={"amount": "date"}).kinds == {"amount": "date"}
    assert decided(texts, name, types={name: "number"}).kinds == {name: "number"}


def test_words_that_are_frequent_among_texts_are_values() -> None:
    texts = ["None"] * 24 + ["Insomnia"] * 8 + ["Apnea"] * 7 + [""]
    found = decided(texts)
    assert found.columns[0].missing == 1
    assert 'frequent words are values, not missing ones ("None" 24)' in " ".join(found.notes)
    assert decided(texts, na_values=["None"]).columns[0].missing == 25
    assert decided(["NA", "x", "y", "z"] * 10, na_values=[]).columns[0].missing == 0
    assert decided(["NA", *["x", "y", "z"] * 10]).columns[0].missing == 1


def target(texts: Sequence[str], name: str = "y", **settings: Any) -> Decisions:
    rows = table(**{"x": [f"{row % 7}.5" for row in range(len(texts))], name: texts})
    return decide("t.csv", [rows], DataConfig(source="t.csv", target=name, **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "labels", "classes"),
    [
        ("label", [str(number) for number in range(25) if number != 9] * 20, 24),
        ("label", [str(number) for number in range(1, 27)] * 20, 26),
        ("y", [str(number) for number in range(1, 27)] * 20, 26),
        ("digit", [str(number) for number in range(10)] * 5, 10),
        ("survived", ["0", "1"] * 20, 2),
        ("quality", [str(number) for number in range(3, 9)] * 20, 6),
        ("weight", [str(115 + 4 * number) for number in range(15)], None),
        ("salary", [str(30000 + 2500 * number) for number in range(20)], None),
        ("price", [str(100 + 50 * (number % 18)) for number in range(40)], None),
        ("guests", [str(2 + number % 14) for number in range(300)], None),
        ("label", [str(number * 13) for number in range(40)] * 9, None),
        ("y", [f"{number},000" for number in range(1, 6)] * 20, None),
        ("y", [f"${number}" for number in range(1, 6)] * 20, None),
        ("y", [f"{number}.0" for number in range(3)] * 20, 3),
    ],
)
def test_classes_or_amounts(name: str, labels: list[str], classes: int | None) -> None:
    found = target(labels, name)
    names = found.target.class_names
    assert (None if names is None else len(names)) == classes
    assert any(f'target "{name}"' in note for note in found.notes)
    if classes is None:
        assert (
            found.target.encode(table(**{name: labels}).read_as(ReadOptions(formats=found.formats))).dtype == np.float32
        )


def test_a_target_of_dollars_is_an_amount() -> None:
    prices = [f"${1000 + 7 * row:,}.00" for row in range(40)]
    found = target(prices, "price")
    raw = table(price=prices).read_as(ReadOptions(formats=found.formats))
    np.testing.assert_array_equal(found.target.encode(raw), [1000 + 7 * row for row in range(40)])


def test_a_target_whose_commonest_class_is_none_keeps_it() -> None:
    labels = ["None"] * 240 + ["Insomnia"] * 74 + ["Apnea"] * 60
    found = target(labels, "Disorder")
    assert found.target.class_names == ("Apnea", "Insomnia", "None")
    raw = table(Disorder=labels).read_as(ReadOptions(formats=found.formats))
    assert np.bincount(found.target.encode(raw)).tolist() == [60, 74, 240]


def test_texts_are_compared_as_one_sees_them() -> None:
    composed, apart = "고양이", unicodedata.normalize("NFD", "고양이")
    labels = [composed, apart, f"\u200b{composed}", f"{composed}\u3000", "강아지"] * 8
    assert target(labels).target.class_names == ("강아지", "고양이")
    config = DataConfig(source="t.csv", target=unicodedata.normalize("NFD", "나이"), types={"e\u0301": "category"})
    assert (config.target, list(config.types)) == ("나이", ["é"])


def test_names_of_columns_are_composed(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "나이")
    (tmp_path / "a.csv").write_text(f"{name}\u200b,b\n1,2\n", encoding="utf-8")
    pq.write_table(pa.table({name: [1], "b": [2]}), tmp_path / "a.parquet")
    for file in ("a.csv", "a.parquet"):
        assert read_table(tmp_path / file, ReadOptions())[0].names == ("나이", "b")


@st.composite
def dressed(draw: st.DrawFn) -> tuple[list[str], list[float]]:
    """A column of numbers, all in one dress, and what they mean."""
    decimal = draw(st.sampled_from(".,"))
    group = draw(st.sampled_from({".": [",", " ", "'", ""], ",": [".", " ", ""]}[decimal]))
    before = draw(st.sampled_from(["", "$", "₩", "US$", "Rs. "]))
    after = "" if before else draw(st.sampled_from(["", " kg", "%", "원", " km/h", "CC"]))
    negative = draw(st.sampled_from(["-{}", "−{}", "({})", "{}-"])) if not after else "-{}"
    width = draw(st.booleans())
    cents = draw(st.lists(st.integers(-(10**9), 10**9), min_size=8, max_size=20, unique=True))
    texts = []
    for number in [*cents, 150, -123_456_789]:  # 1.50 and -1,234,567.89 tell the signs apart
        whole, rest = divmod(abs(number), 100)
        digits = f"{whole:,}".replace(",", group) + decimal + f"{rest:02}"
        if width:
            digits = digits.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
        text = f"{before}{digits}{after}"
        texts.append(negative.format(text) if number < 0 else text)
    return texts, [number / 100 for number in [*cents, 150, -123_456_789]]


@given(column=dressed())
def test_the_value_read_is_the_value_meant(column: tuple[list[str], list[float]]) -> None:
    texts, numbers = column
    np.testing.assert_allclose(values(decided(texts), texts), numbers, rtol=1e-12)


@given(
    moments=st.lists(
        st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2068, 12, 31)), min_size=3, max_size=12
    ),
    form=st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%Y. %m. %d. {half} %I:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p",
         "%d-%b-%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M:%S"]
    ),
)  # fmt: skip
def test_the_moment_read_is_the_moment_meant(moments: list[datetime.datetime], form: str) -> None:
    exact = [moment.replace(microsecond=0) for moment in [*moments, datetime.datetime(2024, 1, 31, 15, 20)]]
    texts = [moment.strftime(form).format(half="오전" if moment.hour < 12 else "오후") for moment in exact]
    if len(set(texts)) > 1:
        expected = [(moment - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1) for moment in exact]
        np.testing.assert_allclose(values(decided(texts), texts), expected, rtol=0, atol=1e-6)


def test_true_and_false_are_answered_as_they_are_written() -> None:
    labels = ["True", "False", "True"] * 8
    found = target(labels)
    assert found.target.class_names == ("False", "True")
    assert found.target.encode(table(y=["TRUE", "false"])).tolist() == [1, 0]
    assert target(["True", "TRUE", "False"] * 8).target.class_names == ("false", "true")


def test_texts_that_differ_in_capitals_only_are_pointed_out() -> None:
    found = target(["Yes", "yes", "YES", "No", "Yes"] * 8)
    assert found.target.class_names == ("No", "YES", "Yes", "yes")
    assert 'values differ only in capitals ("Yes" 16, "yes" 8, "YES" 8)' in " ".join(found.notes)
    assert "capitals" in " ".join(decided(["Seoul", "seoul", "Busan"] * 9).notes)


@pytest.mark.parametrize(("unit", "first"), [("kmpl", False), ("$", True), ("%", False), ("", False), ("Rs.", True)])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("grouped", [True, False])
def test_the_usual_form_is_read_as_every_other(unit: str, first: bool, decimal: Decimal, grouped: bool) -> None:
    """Numbers in the usual form are read without taking texts apart, and must not differ by a bit."""
    form = NumberFormat(decimal, unit, first, grouped)
    random = np.random.default_rng(5)
    atoms = [
        unit,
        unit,
        " ",
        "-",
        "1",
        "12",
        "123",
        "1,234",
        "1.234",
        "0",
        "05",
        ".5",
        ",5",
        "1,234,567",
        "(",
        ")",
        "e5",
    ]
    texts = pa.array(["".join(random.choice(atoms, count)) for count in random.integers(1, 6, 2000)])
    np.testing.assert_array_equal(form.read(texts), form._read_any(texts))


def test_each_text_is_taken_apart_once_whatever_the_number_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of a column share one dictionary; to read it anew for each of them took minutes for a million rows."""
    seen: list[int] = []
    plain = ColumnFormat._plain
    monkeypatch.setattr(ColumnFormat, "_plain", lambda form, texts: seen.append(len(texts)) or plain(form, texts))
    blocks = [[f"{block}{row}.5 kg" for row in range(10)] for block in range(1, 8)]
    column = pa.chunked_array([*blocks, [None, "15.5 kg"]])
    read = ColumnFormat(number=NumberFormat(unit="kg")).read(column, [])
    assert seen == [70]
    assert [float(text) for text in read.to_pylist()[:3]] == [10.5, 11.5, 12.5]
    assert read.to_pylist()[70:] == [None, "15.5"]
    assert ColumnFormat(number=NumberFormat(unit="kg")).read(pa.chunked_array([], pa.string()), []).to_pylist() == []
