from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from mlpcli.errors import OutputError, UserError
from mlpcli.plotting import style as save
from mlpcli.plotting.learning_curves import learning_curves
from mlpcli.plotting.style import DOTS_PER_INCH, FontChoice, check_format, save_figure
from mlpcli.runs.read_run import RunCurves

HISTORY = {"epoch": [1.0, 2.0], "loss": [200.0, 1.0]}
STARTS = {"png": b"\x89PNG\r\n", "svg": b"<?xml", "pdf": b"%PDF-"}


@pytest.mark.parametrize("file_format", ["png", "svg", "pdf"])
def test_same_bytes_each_time(file_format: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.{file_format}" for name in ("첫째", "둘째")]
    for path in paths:
        save_figure(learning_curves([RunCurves("$run_1$", HISTORY, 2)]), path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert first.startswith(STARTS[file_format])
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_png_size(tmp_path: Path) -> None:
    figure = learning_curves([RunCurves("x", HISTORY)])
    save_figure(figure, tmp_path / "x.PNG")
    width, height = figure.get_size_inches()
    with Image.open(tmp_path / "x.PNG") as image:
        assert image.size == pytest.approx((width * DOTS_PER_INCH, height * DOTS_PER_INCH), abs=1)


def test_missing_letters_are_said_once_and_not_warned_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choice = FontChoice(("DejaVu Sans",), "no installed font has 한")
    monkeypatch.setattr(save, "fonts_for", lambda texts: choice)
    monkeypatch.setattr("mlpcli.plotting.learning_curves.fonts_for", lambda texts: choice)
    figure = learning_curves([RunCurves("한국 $", HISTORY)])
    assert save_figure(figure, tmp_path / "x.png") == "no installed font has 한"
    assert (tmp_path / "x.png").is_file()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.jpg", 'x.jpg: the format must be one of png, svg, pdf (got "jpg")'),
        ("x", "x: the format must be one of png, svg, pdf (got nothing)"),
    ],
)
def test_unknown_extension(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        save_figure(learning_curves([RunCurves("x", HISTORY)]), tmp_path / name)
    assert str(caught.value) == f"{tmp_path}/{message}"
    assert list(tmp_path.iterdir()) == []


def test_format_in_any_case() -> None:
    assert check_format("SVG", "format") == "svg"


def test_full_disk_leaves_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(save, "_write", fail)
    with pytest.raises(OutputError, match=r"x\.png: cannot be written: No space left on device"):
        save_figure(learning_curves([RunCurves("x", HISTORY)]), path)
    assert path.read_bytes() == b"old"
