"""Pictures and reports in Korean: no phrase is forgotten, and both languages say the same of the same values."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from mlpcli.config.data_words import Task
from mlpcli.config.metrics import METRICS
from mlpcli.config.sections import OutputConfig
from mlpcli.errors import UserError
from mlpcli.korean import PHRASES, SENTENCES, TERMS
from mlpcli.language import LANGUAGES, current_language, letters_of, retold, say, speaking, term
from mlpcli.plotting.pictures import PICTURES
from mlpcli.runs.read_run import language_of
from mlpcli.runs.run_summary import PARTS, State

ROOT = Path(__file__).resolve().parent.parent


Said = list[tuple[str, str, set[str] | None]]


@pytest.fixture(scope="module")
def said() -> Said:
    """Each phrase that the source hands to `say`: where, the phrase, and the names of its values (None: a mapping)."""
    return list(_said())


def _said() -> Iterator[tuple[str, str, set[str] | None]]:
    for path in sorted((ROOT / "mlpcli").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source if "say" in source else "")
        if not any(
            isinstance(node, ast.ImportFrom)
            and node.module == "mlpcli.language"
            and any(alias.name == "say" for alias in node.names)
            for node in tree.body
        ):
            continue
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "say":
                names = {keyword.arg for keyword in call.keywords if keyword.arg}
                told = None if any(keyword.arg is None for keyword in call.keywords) else names
                for phrase in _literals(call.args[0], f"{path.name}:{call.lineno}"):
                    yield f"{path.name}:{call.lineno}", phrase, told


def _literals(node: ast.expr, where: str) -> list[str]:
    """The phrase, or both of `"one" if ... else "other"`."""
    if isinstance(node, ast.IfExp):
        return [*_literals(node.body, where), *_literals(node.orelse, where)]
    assert isinstance(node, ast.Constant), f"{where}: say() takes a literal, or one of two"
    assert isinstance(node.value, str), where
    return [node.value]


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_every_phrase_that_is_said_has_its_korean(said: Said) -> None:
    assert {f"{where}: {phrase}" for where, phrase, _ in said if phrase not in PHRASES} == set()


def test_the_table_has_no_phrase_that_nothing_says(said: Said) -> None:
    assert set(PHRASES) - {phrase for _, phrase, _ in said} == set()


def test_each_phrase_is_given_the_values_that_it_names(said: Said) -> None:
    assert [
        (where, phrase) for where, phrase, names in said if names is not None and not _fields(phrase) <= names
    ] == []


@pytest.mark.parametrize("table", [PHRASES, SENTENCES], ids=["phrases", "sentences"])
def test_both_languages_have_the_same_places_for_values(table: dict[str, str]) -> None:
    assert {english: korean for english, korean in table.items() if _fields(english) != _fields(korean)} == {}


def test_no_particle_waits_for_the_last_letter_of_a_value() -> None:
    waiting = [f"}}{particle}" for particle in ("을 ", "를 ", "이 ", "가 ", "은 ", "는 ", "와 ", "과 ", "로 ", "으로 ")]
    assert [korean for korean in PHRASES.values() if any(end in f"{korean} " for end in waiting)] == []


def test_names_from_files_have_their_korean() -> None:
    metrics = {name for metric in METRICS for name in (metric.tag, *metric.aliases)}
    columns = {"loss", *metrics, *(f"val_{name}" for name in ("loss", *metrics)), "learning_rate", "seconds"}
    pictures = {picture.name for picture in PICTURES}
    assert columns | pictures | set(PARTS) | set(get_args(State)) | set(get_args(Task)) <= set(TERMS)


def test_english_stays_as_it_is_written() -> None:
    assert say("{rows:,} rows", rows=5000) == "5,000 rows"
    assert say("100 % {of} all") == "100 % {of} all"
    assert (term("val_loss"), retold("all 5 epochs were done")) == ("val_loss", "all 5 epochs were done")
    assert letters_of("en") == set()


def test_korean_within_its_context_alone() -> None:
    heard = []
    with speaking("ko"):
        assert (current_language(), term("val_loss"), term("mine")) == ("ko", "검증 손실", "mine")
        assert say("a phrase that has none, {rows:,}", rows=5000) == "a phrase that has none, 5,000"
        other = threading.Thread(target=lambda: heard.append(term("loss")))
        other.start()
        other.join()
    assert (current_language(), term("val_loss"), heard) == ("en", "val_loss", ["loss"])
    assert "손" in letters_of("ko")


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("val_loss had not improved for 1 epoch", "검증 손실: 1에포크 동안 나아지지 않음"),
        ("val_mine had not improved for 10 epochs", "val_mine: 10에포크 동안 나아지지 않음"),
        (
            "val_accuracy had not beaten the baseline 0.9 for 3 epochs",
            "검증 정확도: 3에포크 동안 기준값 0.9보다 나아지지 않음",
        ),
        ("training and validation accuracy met", "학습과 검증의 정확도 차이가 허용 범위 안에 들어옴"),
        ("all 40 epochs were done", "40에포크를 모두 마침"),
        ('always "고양이"', '항상 "고양이"'),
        (
            'column "y" alone predicts the class right in 99.8 % of the rows (always saying "no" has 61.8 %),'
            ' and so do column "z" (99.5 %)',
            '열 "y" 하나만으로 99.8 %의 행에서 클래스를 맞힐 수 있습니다(항상 "no": 61.8 %).'
            ' 열 "z" (99.5 %)도 그렇습니다',
        ),
        (
            'column "y" alone predicts the target with an r2 of 0.9998 (1 is perfect)',
            '열 "y" 하나만으로 타깃을 R² 0.9998로 예측할 수 있습니다(1이면 완벽)',
        ),
        (
            "is it known before the answer is? If not, data.exclude: [y]",
            "답보다 먼저 알 수 있는 값입니까? 아니라면 data.exclude: [y]",
        ),
        ("always the mean (152.1)", "항상 평균 152.1"),
        ("2026-11-28T05:24:29+00:00", "2026-11-28 05:24:29 (UTC)"),
        ("something of a newer version", "something of a newer version"),
    ],
)
def test_what_a_file_says_in_english_is_retold(english: str, korean: str) -> None:
    with speaking("ko"):
        assert retold(english) == korean


def test_an_unknown_language_is_refused_by_name() -> None:
    with pytest.raises(UserError, match=r'^language: must be one of en, ko \(got "fr"\)$'), speaking("fr"):
        pass


def test_a_run_speaks_as_its_config_says(tmp_path: Path) -> None:
    assert language_of(tmp_path) == "en"
    for text, language in (("output: {language: ko}", "ko"), ("output: {language: xx}", "en"), ("output: 3", "en")):
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        assert language_of(tmp_path) == language
    assert get_args(OutputConfig.model_fields["language"].annotation) == LANGUAGES
