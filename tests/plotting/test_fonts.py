from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from matplotlib import font_manager

from mlpcli.language import speaking
from mlpcli.plotting import style as fonts
from mlpcli.plotting.style import DEFAULT, FontChoice, fonts_for


@pytest.fixture
def nanum() -> Path:
    """A font with Hangul; the package is looked up without importing it."""
    spec = find_spec("koreanize_matplotlib")
    if spec is None or spec.origin is None:
        pytest.skip("koreanize-matplotlib, which brings a font with Hangul, is not installed")
    return Path(spec.origin).parent / "fonts" / "NanumGothic.ttf"


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """As on a machine that has DejaVu Sans alone; paths put into the list count as installed since."""
    installed: list[str] = []
    manager = font_manager.fontManager
    monkeypatch.setattr(manager, "ttflist", [entry for entry in manager.ttflist if "DejaVu" in entry.name])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: installed)
    fonts._fallbacks.cache_clear()
    yield installed
    fonts._fallbacks.cache_clear()


@pytest.mark.parametrize("text", ["loss 0.5", "Größe, σ² ≈ ½ …", "Привет", "", "a\n\t\x00 b"])
def test_dejavu_is_enough(text: str, no_fonts: list[str]) -> None:
    assert fonts_for([text]) == FontChoice((DEFAULT,), None)


@pytest.mark.parametrize(
    ("platform", "advice"),
    [
        ("win32", ["Korean Supplemental Fonts", "Settings"]),
        ("darwin", ["Apple SD Gothic Neo", "brew install --cask font-nanum-gothic"]),
        ("linux", ["sudo apt install fonts-nanum", "sudo dnf install google-noto-sans-cjk-fonts", "Colab: !apt-get"]),
        ("freebsd14", ["fonts-nanum"]),
    ],
)
def test_no_font_with_hangul(
    platform: str, advice: list[str], no_fonts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlpcli.plotting.style.sys.platform", platform)
    choice = fonts_for(["한국", "b"])
    assert choice.families == (DEFAULT,)
    assert choice.note is not None and choice.note.startswith("no installed font has 국 한, so boxes are drawn; ")
    assert all(part in choice.note for part in advice)
    assert choice.note.endswith("; then plot again") and len(choice.note) < 240, "two lines at most"


def test_other_letters_get_no_advice_for_hangul(no_fonts: list[str]) -> None:
    assert fonts_for(["猫"]).note == (
        "no installed font has 猫, so boxes are drawn; install one, such as a Noto font; then plot again"
    )


def test_the_note_names_a_few_letters(no_fonts: list[str]) -> None:
    note = fonts_for(["가나다라마바사"]).note
    assert note is not None and note.startswith("no installed font has 가 나 다 라 마 …,")


def test_a_font_installed_since_matplotlib_listed_the_fonts(no_fonts: list[str], nanum: Path) -> None:
    no_fonts.append(str(nanum))
    assert fonts_for(["한국 loss"]) == FontChoice((DEFAULT, "NanumGothic"), None)


def test_letters_that_the_found_font_lacks_are_named(no_fonts: list[str], nanum: Path) -> None:
    no_fonts.append(str(nanum))
    choice = fonts_for(["한국 \U00013000"])  # an Egyptian hieroglyph
    assert choice.families == (DEFAULT, "NanumGothic")
    assert choice.note is not None and "has \U00013000," in choice.note


def test_a_broken_font_file_is_passed_over(no_fonts: list[str], nanum: Path, tmp_path: Path) -> None:
    broken = tmp_path / "a-broken.ttf"
    broken.write_bytes(nanum.read_bytes()[:1000])
    no_fonts.extend([str(broken), str(shutil.copy(nanum, tmp_path))])
    assert fonts_for(["한국"]).families == (DEFAULT, "NanumGothic")


def test_no_note_for_what_cannot_be_seen() -> None:
    assert fonts_for(["\u200b\u202e", " \u00a0"]).note is None


def test_a_korean_picture_asks_for_a_font_for_its_own_words(no_fonts: list[str], nanum: Path) -> None:
    with speaking("ko"):
        note = fonts_for(["loss"]).note
        assert note is not None and note.startswith("no installed font has ")
        no_fonts.append(str(nanum))
        fonts._fallbacks.cache_clear()
        assert fonts_for(["loss"]) == FontChoice((DEFAULT, "NanumGothic"), None)
    assert fonts_for(["loss"]) == FontChoice((DEFAULT,), None)
