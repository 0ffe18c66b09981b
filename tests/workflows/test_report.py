"""`mlpcli report`: one page that needs nothing else, with what the run's files say."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import mlpcli
from mlpcli.errors import RunDirectoryError, UserError
from mlpcli.workflows.report import ReportResult, Section, Table, Text, as_html, as_markdown, report

ROOT = Path(__file__).resolve().parents[2]
CONFIG = (
    "name: 붓꽃 <1>\ndata: {source: iris, test: 0.2}\nmodel: {hidden_units: [8]}\n"
    "training: {engine: numpy, epochs: 8, optimizer: {name: sgd, learning_rate: 0.00001}}\noutput: {plots: []}\n"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    (folder / "c.yaml").write_text(CONFIG.replace("붓꽃 <1>", "붓꽃"), encoding="utf-8")
    return mlpcli.train(folder / "c.yaml", runs_dir=folder / "runs").run


class Page(HTMLParser):
    """Headings and texts of a page, how many tables and pictures, and what it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.texts: list[str] = []
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.opened: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [str(value) for key, value in attrs if key in ("src", "href", "action")]
        if tag not in ("meta", "img"):
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.opened and self.opened[-1] in ("h1", "h2", "summary"):
            self.headings.append(data)
        self.texts.append(data)


def test_the_page_of_a_run(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "나.html"
    text = report([run], path).text
    assert path.read_text(encoding="utf-8") == text
    page = Page(text)
    assert page.opened == []
    assert '<html lang="en">' in text
    assert page.headings == [
        *("붓꽃", "What the numbers say", "Learning curves", "Answers", "Classes", "Data", "Model", "Config"),
        "How to repeat it",
    ]
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert len(page.sources) == 3
    assert "script" not in page.tags and "url(" not in text and "http" not in text.replace("http-equiv", "")
    assert len(text) < 1_000_000
    said = "\n".join(page.texts)
    assert "The learning rate looks too low: loss fell evenly from" in said
    assert f"mlpcli reproduce {shlex.quote(str(run))}" in said
    assert "  epochs: 8" in said  # the config
    assert "setosa" in said and "96 train, 24 validation, 30 test" in said


def test_a_notebook_shows_a_link_or_the_markdown() -> None:
    page = ReportResult(Path("a folder/x.html"), "<html>")
    assert repr(page) == "<ReportResult a folder/x.html: 6 characters>"
    assert page._repr_html_() == '<a href="a%20folder/x.html" target="_blank">a folder/x.html</a>'
    assert page._repr_markdown_() is None
    text = ReportResult(None, "# t", markdown=True)
    assert repr(text) == "<ReportResult not written: 3 characters>"
    assert text._repr_html_() is None and text._repr_markdown_() == "# t"


def test_several_runs_are_compared(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    for name in ("a", "b"):
        shutil.copytree(run, folder / name)
    page = Page(report([folder], tmp_path / "both.html").text)
    assert page.headings[0] == "Comparison"
    assert [heading for heading in page.headings if heading in ("a", "b")] == ["a", "b"]
    assert any(text.startswith("best by test accuracy: a, level with b") for text in page.texts)


FORKED = """
import os, sys
from pathlib import Path
from mlpcli import process
from mlpcli.workflows import report as page

process.own_process()
page.processors, page.WORTH_FORKS = lambda: 2, 2
here, of_run = os.getpid(), page._of_run

def told(*arguments, **keywords):
    if os.getpid() != here and sys.argv[2] == "killed":
        os.kill(os.getpid(), 9)
    with open("drawn.txt", "a", encoding="utf-8") as file:
        file.write("here\\n" if os.getpid() == here else "fork\\n")
    return of_run(*arguments, **keywords)

page._of_run = told
page.report(sorted(Path("runs").iterdir()), sys.argv[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="one after the other")
@pytest.mark.parametrize(("ends", "drawn"), [("well", "fork\n" * 2), ("killed", "here\n" * 2)])
def test_many_runs_are_drawn_by_forks(run: Path, tmp_path: Path, ends: str, drawn: str) -> None:
    for name in "ab":
        shutil.copytree(run, tmp_path / "runs" / name)
    command = [sys.executable, "-c", FORKED, "page.html", ends]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    assert (tmp_path / "drawn.txt").read_text(encoding="utf-8") == drawn
    made_here = report(sorted((tmp_path / "runs").iterdir()), None)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page == made_here.text.replace(f"{tmp_path}{os.sep}", "")


def test_a_run_that_was_killed_has_a_page(run: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    shutil.copytree(run, killed)
    for name in ("metrics.json", "evaluation.json", "model.keras"):
        (killed / name).unlink()
    page = Page(report([killed], tmp_path / "k.html").text)
    assert page.headings[:2] == ["붓꽃 (killed)", "Learning curves"]
    (killed / "history.csv").write_text("epoch,loss\n", encoding="utf-8")
    assert "No epoch has finished yet." in Page(report([killed], None).text).texts


@pytest.mark.parametrize("evaluation", [[], {"confusion_matrix": 5, "class_names": ["a"], "per_class": [1]}])
def test_a_damaged_evaluation_is_named(run: Path, tmp_path: Path, evaluation: object) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(run, damaged)
    (damaged / "evaluation.json").write_text(json.dumps(evaluation), encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=r"evaluation.json: is damaged: "):
        report([damaged], None)


def test_seeds_have_means(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG.replace("붓꽃 <1>", "붓꽃"), encoding="utf-8")
    series = mlpcli.train_seeds(tmp_path / "c.yaml", 2, runs_dir=tmp_path / "runs")
    text = report([series.path], None, markdown=True).text
    assert "2 seeds, mean ± standard deviation" in text
    assert re.search(r"\| test \| \d\.\d{4} ± \d\.\d{4} \|", text)


def test_as_markdown_on_standard_output(run: Path, mlpcli_here: Any) -> None:
    done = mlpcli_here("report", run, "--markdown")
    lines = done.stdout.splitlines()
    assert lines[0] == "# 붓꽃"
    assert "## Classes" in lines
    assert "| class | precision | recall | F1 | rows |" in lines
    assert "data:image" not in done.stdout


def test_what_would_be_markup_is_shown() -> None:
    sections = [Section("a <b>", [Text(["x & <i>", "\x1b[2J"]), Table(("<", "n"), [("|", "1")])])]
    page = as_html("<t>", sections)
    assert "<b>" not in page and "<i>" not in page and "\x1b" not in page
    assert "<h2>a &lt;b&gt;</h2>" in page and '<td class="word">|</td><td>1</td>' in page
    assert as_markdown("t", sections).splitlines() == [
        *("# t", "", "## a \\<b\\>", "", "x & \\<i\\>", "", "\\\\x1b\\[2J", "", ""),
        *("| \\< | n |", "| --- | ---: |", "| \\| | 1 |", ""),
    ]


def test_where_no_page_can_be(run: Path, tmp_path: Path, mlpcli_here: Any) -> None:
    with pytest.raises(UserError, match="is a folder; give a file in it, such as"):
        report([run], tmp_path)
    with pytest.raises(UserError, match="does not exist; make it first or choose another"):
        report([run], tmp_path / "no" / "x.html")
    (tmp_path / "my.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"my.yaml: give a name that ends with .html or .htm, such as report.html"):
        report([run], tmp_path / "my.yaml")
    with pytest.raises(UserError, match=r"a.html: give a name that ends with .md, such as report.md"):
        report([run], tmp_path / "a.html", markdown=True)
    assert (tmp_path / "my.yaml").read_text(encoding="utf-8") == "mine"
    with pytest.raises(UserError, match="no run directory given"):
        report([])
    with pytest.raises(RunDirectoryError, match="does not exist"):
        report([tmp_path / "none"])
    done = mlpcli_here("report", run)
    assert done.stdout == f"{(tmp_path / 'report.html').resolve()}\n"


def test_a_page_in_korean(run: Path) -> None:
    page = Page(text := report([run], None, language="ko").text)
    assert page.headings == [
        "붓꽃",
        "진단",
        "학습 곡선",
        "예측 결과",
        "클래스별 점수",
        "데이터",
        "모델",
        "설정",
        "재현 방법",
    ]
    assert '<html lang="ko">' in text
    said = "\n".join(page.texts)
    assert "학습률이 너무 작아 보입니다. 손실이 " in said
    assert "학습 96, 검증 24, 테스트 30" in said
    assert "학습을 멈춘 이유: 8에포크를 모두 마침" in said
    assert "  epochs: 8" in said, "the config is as it is written"


def test_the_language_of_a_page_is_that_of_the_first_run_unless_it_is_given(run: Path, tmp_path: Path) -> None:
    korean = tmp_path / "korean"
    shutil.copytree(run, korean)
    config = korean / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("language: en", "language: ko"), encoding="utf-8")
    assert report([korean, run], None, markdown=True).text.startswith("# 학습 결과 2개\n\n## 비교\n")
    assert report([run, korean], None, markdown=True).text.startswith("# 2 runs\n\n## Comparison\n")
    assert "\n## What the numbers say\n" in report([korean], None, markdown=True, language="en").text
    with pytest.raises(UserError, match="must be one of en, ko"):
        report([run], None, language="de")


def test_a_missing_font_is_said(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpcli.plotting import style

    monkeypatch.setattr(style, "fonts_for", lambda texts: style.FontChoice((style.DEFAULT,), "no font has 손"))
    assert report([run], tmp_path / "a.html", language="ko").notes == ("no font has 손",)
    assert report([run], None, markdown=True, language="ko").notes == ()
