"""The report in a real browser: it loads nothing, fits a desktop and a phone, needs no script, and prints."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import mlpcli
from mlpcli.workflows.report import Section, Table, Text, as_html, report
from tests.browser_parts import Browser, find_browser

pytestmark = pytest.mark.outside

DESKTOP, PHONE = 1280, 390
NAME = "붓꽃 세 품종"
CONFIG = (
    f"name: {NAME}\ndata: {{source: iris, test: 0.2}}\nmodel: {{hidden_units: [8]}}\n"
    "training: {engine: numpy, epochs: 8}\noutput: {plots: []}\n"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = find_browser()
    if program is None:
        pytest.skip("no chromium found; on Debian: apt-get install chromium")
    browser = Browser(program, tmp_path_factory.mktemp("browser") / "profile")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report of one run, the comparison of two, a wide table in Korean, and words that nobody can break."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "c.yaml").write_text(CONFIG, encoding="utf-8")
    run = mlpcli.train(folder / "c.yaml", runs_dir=folder / "runs").run
    shutil.copytree(run, other := folder / "runs" / ("another-run-of-a-name-" + 50 * "x"))
    report([run], folder / "one.html")
    report([run, other], folder / "two.html")
    word = 300 * "x"
    table = Table(("class", "value"), [(40 * "y", "1"), ("b", word)], 2)
    sections = [Section(word, [Text([word]), Text([word], code=True), table, Table((word, "n"), [(word, "1")])], 1)]
    columns = ["학습 결과", *(f"{number}번째 정확도" for number in range(20))]
    korean = Section("비교", [Table(columns, [["붓꽃 실험", *(20 * ["40에포크 중 10번째"])]])])
    (folder / "korean.html").write_text(as_html("비교", [korean]), encoding="utf-8")
    (folder / "words.html").write_text(as_html("words", sections), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in ("one", "two", "korean", "words")}


@pytest.mark.parametrize("name", ["one", "two", "korean", "words"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_it_is_all_in_one_file_and_fits_the_window(
    browser: Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    browser.open(pages[name], width)
    assert browser.requests() == [pages[name].resolve().as_uri()]
    assert browser.complaints() == []
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("innerWidth") == width  # a phone would zoom out of a page that is too wide
    assert browser.value("[...document.images].every(image => image.complete && image.naturalWidth > 300)")
    assert browser.value("document.images.length") >= {"one": 2, "two": 5, "korean": 0, "words": 0}[name]


def test_pictures_can_be_read_on_a_phone(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["one"], PHONE)
    curves, matrix, *_ = browser.value("[...document.images].map(image => [image.width, image.height])")
    assert curves[0] > PHONE and curves[1] == 272  # scrolls within its frame
    assert matrix[0] <= PHONE - 32


def test_the_keys_of_a_table_are_not_broken(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["one"], PHONE)
    browser.value(
        "function lines(cell) { const all = document.createRange(); all.selectNodeContents(cell);"
        " return all.getClientRects().length }"
    )
    keys = browser.value("[...document.querySelectorAll('td.word:first-child')].map(td => [td.innerText, lines(td)])")
    assert ["fingerprint", 1] in keys and ["tensorflow", 1] in keys
    assert [key for key, lines in keys if lines > 1 and not set(" -") & set(key)] == []


def test_words_in_korean_are_not_broken(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["korean"], DESKTOP)
    assert (
        max(browser.value("[...document.querySelectorAll('tr')].map(row => row.clientHeight)")) < 60
    )  # at most two lines


def test_it_is_the_same_without_scripts(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["one"], DESKTOP)
    text = browser.value("document.body.innerText")
    assert NAME in text and "How to repeat it" in text and "setosa" in text
    assert browser.value("document.scripts.length") == 0
    browser.open(pages["one"], DESKTOP, scripts=False)
    assert browser.value("document.body.innerText") == text


def test_it_prints_with_its_pictures_and_the_config(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["one"], DESKTOP)
    printed = browser.pdf()
    assert printed.startswith(b"%PDF-")
    assert len(re.findall(rb"/Subtype\s*/Image", printed)) >= 2
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 6
    browser.ask("Emulation.setEmulatedMedia", media="print")
    config = browser.value("document.querySelector('details pre').getBoundingClientRect().height")
    browser.ask("Emulation.setEmulatedMedia", media="")
    assert config > 300  # unfolded: nobody can open it on paper


def test_hangul_is_drawn_by_a_font_that_has_it(browser: Browser, pages: dict[str, Path]) -> None:
    if not _has_hangul_font():
        pytest.skip("no font with Hangul is installed; on Debian: apt-get install fonts-nanum")
    browser.open(pages["one"], DESKTOP)
    fonts = browser.fonts("h1")
    assert sum(fonts.values()) == len(NAME)
    assert max(fonts, key=lambda name: fonts[name]) in _hangul_fonts()


@cache
def _hangul_fonts() -> list[str]:
    """The families of the system that have Hangul, by fontconfig, as the browser asks it; it looks into every file."""
    listed = subprocess.run(["fc-list", ":lang=ko", "family"], capture_output=True, text=True, check=True).stdout
    return [name.strip() for line in listed.splitlines() for name in line.split(",")]


def _has_hangul_font() -> bool:
    return shutil.which("fc-list") is not None and bool(_hangul_fonts())
