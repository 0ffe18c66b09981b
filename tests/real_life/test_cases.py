"""What people brought and once got a wrong answer for: each case from its file to its scores.

The cases lie beside the real data (shared/cases), each with the generator that writes its files. What is right is told
by the generator, by the same data written plainly, or by a count that needs none of our code.
"""

from __future__ import annotations

import csv
import datetime
import runpy
import shutil
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.data.load_data import load_data
from mlpcli.errors import DataError
from mlpcli.runs.history import read_history
from mlpcli.workflows.init import init
from mlpcli.workflows.predict import predict
from mlpcli.workflows.train import train
from mlpcli.workflows.train_result import TrainResult
from mlpcli.workflows.validate import ValidationResult, validate

CasesOf = Callable[[str], None]


@pytest.fixture
def case(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CasesOf:
    """Copies a case into the current folder and writes its files anew."""

    def write(name: str) -> None:
        folder = shared_data.parent / "cases" / name
        if not folder.is_dir():
            pytest.skip(f"{folder}: there is no such case beside the real data")
        for file in folder.iterdir():
            shutil.copyfile(file, tmp_path / file.name)
        monkeypatch.chdir(tmp_path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # the generators leave closing to Python
            runpy.run_path("gen.py")

    return write


def _config(source: str, target: str | None = None) -> Path:
    path = Path(f"{source.replace('/', '-').strip('.-')}.yaml")
    if not path.exists():
        init(source, target=target, output=path, preset="fast")
    return path


def _checked(source: str, target: str | None = None) -> ValidationResult:
    return validate(_config(source, target))


def _trained(source: str, *more: str, target: str | None = None) -> TrainResult:
    quickly = ["training.epochs=2", "training.engine=numpy", "output.plots=[]"]
    return train(_config(source, target), [*quickly, *more], Path("runs"), resend_signals=False)


def _losses(result: TrainResult) -> dict[str, list[float]]:
    return {name: values for name, values in read_history(result.run / "history.csv").items() if "loss" in name}


def _answers(run: Path, data: str) -> list[str | None]:
    """The label of each row, None where it cannot be read."""
    return [row.get("label") for row in predict(run, Path(data)).predictions]


def _column(file: str, name: str, encoding: str = "utf-8") -> list[str]:
    with open(file, encoding=encoding, newline="") as lines:
        return [row[name] for row in csv.DictReader(lines)]


def _rows_of_classes(source: str) -> dict[str, int]:
    """Rows of each class, whatever part they are in."""
    loaded = load_data(_checked(source).config.data, 0)
    names = loaded.source.class_names or ()
    return dict(zip(names, np.bincount(loaded.source.train.y, minlength=len(names)).tolist(), strict=True))


@pytest.mark.parametrize("file", ["excel.csv", "sheets.csv"])
def test_korean_dates_are_those_of_the_plain_file(case: CasesOf, file: str) -> None:
    case("korean-dates")
    dressed, plain = _trained(file), _trained("iso.csv")
    if file == "excel.csv":  # the sheets have no seconds
        assert _losses(dressed) == _losses(plain)
    first = datetime.datetime.fromisoformat(_column("iso.csv", "주문일시", "cp949")[0])
    days = (first.replace(second=0) - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1)
    loaded = load_data(_checked("sheets.csv" if file == "sheets.csv" else "iso.csv").config.data, 0)
    assert loaded.source.train.x[0, 0] == pytest.approx(days, abs=0.01)


@pytest.mark.parametrize("file", ["blanks.csv", "zerowidth.csv", "hangul.csv", "case.csv"])
def test_labels_are_told_apart_as_one_sees_them(case: CasesOf, file: str) -> None:
    case("label-variants")
    seen = [unicodedata.normalize("NFC", label.strip().strip("\u200b\ufeff")) for label in _column(file, "label")]
    assert _rows_of_classes(file) == dict(sorted(Counter(seen).items()))
    assert len(set(seen)) == (6 if file == "case.csv" else 2)
    assert ("capitals" in " ".join(init(file, output=Path("again.yaml")).notes)) == (file == "case.csv")


@pytest.mark.parametrize(
    ("file", "letters"), [("letters.csv", range(1, 27)), ("sign_train.csv", [*range(9), *range(10, 25)])]
)
def test_letters_are_classes(case: CasesOf, file: str, letters: Any) -> None:
    case("letters-csv")
    assert _rows_of_classes(file) == {str(letter): 20 for letter in letters}
    assert _trained(file).evaluation is not None


def test_the_commonest_class_may_be_called_none(case: CasesOf) -> None:
    case("none-label")
    assert _rows_of_classes("sleep.csv") == {"Apnea": 53, "Insomnia": 81, "None": 240}
    assert Counter(_column("sleep.csv", "Disorder")) == {"Apnea": 53, "Insomnia": 81, "None": 240}
    result = _trained("sleep.csv")
    Path("one.csv").write_text("Age,Sleep Duration,Stress Level\n30,8.5,3\n", encoding="utf-8")
    assert _answers(result.run, "one.csv") == ["None"]


def test_float_labels_are_the_classes_that_whole_ones_are(case: CasesOf) -> None:
    case("npz-float-labels")
    whole = _losses(_trained("int.npz"))
    for file in ("float.npz", "column.npz"):
        assert _losses(_trained(file)) == whole
    assert _checked("two.npz").facts.targets == 2
    for file, message in (
        (
            "multihot.npz",
            r"y: has the shape \(300, 3\); classes are one label per row, .*; data.task",
        ),
        ("kmnist.npz", 'holds an array "arr_0"; allowed are x, y'),
        ("XY.npz", 'holds an array "X"; .*; did you mean "x"'),
    ):
        with pytest.raises(DataError, match=message):
            init(file)


def test_counted_column_names(case: CasesOf) -> None:
    case("numbered-header")
    same = "model={hidden_units: [8]}"
    named = _losses(_trained("named.csv", same, target="label"))
    assert _losses(_trained("frame.csv", same, target="4")) == named
    assert _losses(_trained("indexed.csv", same, "data.exclude=[column 1]", target="4")) == named
    assert _checked("frame.csv").facts.class_names == ("0", "1")


def test_numbers_with_units_are_those_of_the_plain_file(case: CasesOf) -> None:
    case("numbers-with-units")
    dressed, plain = _trained("cars.csv"), _trained("plain.csv")
    assert _losses(dressed) == _losses(plain)
    fees = [float(text.strip("$").replace(",", "")) for text in _column("cars.csv", "fee")]
    assert fees == [float(text) for text in _column("plain.csv", "fee")]


def test_small_tables_of_amounts_are_regressions(case: CasesOf) -> None:
    case("small-regression")
    for file, target, rows in (("small.csv", "weight", 15), ("salary.csv", "salary", 20), ("count.csv", "guests", 300)):
        checked = _checked(file)
        facts = checked.facts
        assert (checked.config.data.target, facts.class_names) == (target, None)
        assert facts.train_rows + facts.validation_rows + facts.test_rows == rows
        given = [float(text) for text in _column(file, target)]
        answers = [row["value"] for row in predict(_trained(file).run, Path(file)).predictions]
        assert min(given) < np.mean(answers) < max(given)  # in the target's units, after two epochs already


def test_f1_of_a_binary_target(case: CasesOf) -> None:
    case("binary-f1")
    result = _trained("b.csv", "training.metrics=[accuracy, f1_score]")
    assert result.evaluation is not None
    (_, false_yes), (false_no, true_yes) = result.evaluation["confusion_matrix"]
    assert result.evaluation["metrics"]["f1_score"] == pytest.approx(
        2 * true_yes / (2 * true_yes + false_yes + false_no), abs=1e-6
    )


def test_one_broken_picture_among_new_ones(case: CasesOf) -> None:
    """The generator draws every second picture bright (hell), and cuts off the one with number 3."""
    case("broken-in-predict")
    run = _trained("shots", "training.epochs=10").run
    assert _answers(run, "new") == ["dunkel", "hell", "dunkel", None, "dunkel", "hell"]


@pytest.mark.parametrize("name", ["animals", "digits", "iris"])
def test_own_pictures_under_a_built_in_name(case: CasesOf, name: str) -> None:
    case("name-of-a-builtin")
    classes = tuple(sorted(path.name for path in Path(name).iterdir()))
    result = _trained(f"./{name}")
    assert result.evaluation is not None
    facts = _checked(f"./{name}").facts
    assert (facts.class_names, facts.train_rows + facts.validation_rows + facts.test_rows) == (classes, 40)


def test_what_no_training_row_had(case: CasesOf, mlpcli_here: Callable[..., Any]) -> None:
    case("never-seen")
    run = _trained("train.csv").run
    same = predict(run, Path("same.csv"))
    np.testing.assert_array_equal(predict(run, Path("nfd.csv")).outputs, same.outputs)
    for file, said in (
        ("same.csv", ""),
        ("nfd.csv", ""),
        ("title.csv", 'write "male" for "Male"'),
        ("excel.csv", "the zeros in front are lost"),
    ):
        assert said in mlpcli_here("predict", run, file).stderr
        assert bool(said) == ("warning" in mlpcli_here("predict", run, file).stderr)
    age = _trained("age.csv").run
    assert None not in _answers(age, "nfdhead.csv")


SETS = [
    ("flat", 60, 0),
    ("mri", 60, 15),
    ("xray", 60, 15),
    ("less", 60, 0),
    ("images", 36, 0),
    ("emptyclass", 30, 0),
    ("trainval", 60, 0),
    ("nested", 12, 0),
]
"""A set, the pictures in the class folders of training, and those in the class folders of its test part."""


def test_folders_of_photos(case: CasesOf) -> None:
    case("photo-folders")
    for name, rows, test in SETS:
        folder = f"sets/{name}"
        facts = _checked(folder).facts
        assert facts.class_names == ("circle", "line", "square")
        held_out = facts.test_rows if test == 0 else 0
        other = len(list(Path(folder).glob("val*/*/*.png")))  # which init gives to data.validation
        assert facts.train_rows + held_out + (0 if other else facts.validation_rows) == rows
        assert test in (0, facts.test_rows)
    for name, message in (
        ("prefix", "names begin with 2 classes"),
        ("csvlabels", "labels.csv names the classes"),
    ):
        with pytest.raises(DataError, match=message):
            init(f"sets/{name}")
