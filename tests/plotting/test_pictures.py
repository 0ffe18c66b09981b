"""The registry of pictures, `plot --only`, and the themes."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.colors import to_hex, to_rgb

from mlpcli.cli.plot import PICTURE_NAMES
from mlpcli.errors import RunDirectoryError, UserError
from mlpcli.files import write_json
from mlpcli.plotting import pictures, run_plots, style
from mlpcli.plotting.confusion_matrix import confusion_matrix_figure
from mlpcli.plotting.pictures import PICTURES, Picture
from mlpcli.plotting.run_plots import draw_run, theme_of
from mlpcli.plotting.style import COLOURS, DARK, LIGHT, THEMES, colour_map, theme, themed
from mlpcli.workflows.plot import plot

CONFUSION = {"split": "test", "class_names": ["a", "b"], "confusion_matrix": [[3, 1], [0, 4]]}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "history.csv").write_text("epoch,loss,val_loss\n1,2.0,1.9\n2,1.5,1.6\n", encoding="utf-8")
    (folder / "config.yaml").write_text("name: digits\noutput: {theme: dark}\n", encoding="utf-8")
    write_json(folder / "evaluation.json", CONFUSION)
    return folder


def _names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_names_are_those_of_files_and_all_differ() -> None:
    names = [picture.name for picture in PICTURES]
    assert names[0] == "history"
    assert tuple(names) == PICTURE_NAMES  # what the help page says
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name == name.lower() for name in names)
    assert all(picture.shows and not picture.shows.endswith(".") for picture in PICTURES)


def test_only_the_pictures_named_in_their_order(run: Path) -> None:
    assert _names(plot([run], only=["confusion_matrix"]).paths) == ["confusion_matrix.png"]
    twice = plot([run], format="svg", only=["confusion_matrix", "history", "history"])
    assert _names(twice.paths) == ["confusion_matrix.svg", "history.svg"]
    assert plot([run], run.parent / "x.png", only=["confusion_matrix"]).paths == [run.parent / "x.png"]


def test_a_picture_on_request_is_drawn_by_its_name_alone(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rare = Picture("rare", "what few want", lambda files: confusion_matrix_figure(files.evaluation), always=False)
    monkeypatch.setattr(pictures, "PICTURES", (*PICTURES, rare))
    assert _names(draw_run(run, ["png"]).paths) == ["history.png", "confusion_matrix.png"]
    assert _names(draw_run(run, ["png"], ["rare"]).paths) == ["rare.png"]
    assert list(run_plots.draw_evaluation(run)) == ["confusion_matrix"]


def test_what_only_refuses(run: Path) -> None:
    message = r'--only: there is no picture "histroy"; choose from history, .*; did you mean "history"\?'
    with pytest.raises(UserError, match=message):
        plot([run], only=["histroy"])
    message = r"digits: has no data for the picture fitted_curve \(the curve .*\); it needs a regression with one input"
    with pytest.raises(RunDirectoryError, match=message):
        plot([run], only=["fitted_curve"])
    with pytest.raises(UserError, match=r"--only: is for one run \(got 2\)"):
        plot([run, run], only=["history"])
    with pytest.raises(UserError, match="--only: leave it out with --metric"):
        plot([run], metric="loss", only=["history"])
    with pytest.raises(UserError, match="--output: is one picture, and --only names 2"):
        plot([run], run / "x.png", only=["history", "confusion_matrix"])


def test_the_theme_is_the_one_given_else_that_of_the_config(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backgrounds: list[str] = []
    save = lambda figure, path: backgrounds.append(to_hex(figure.get_facecolor()).upper())  # noqa: E731
    monkeypatch.setattr(style, "save_figure", save)
    plot([run], only=["history"])
    plot([run], only=["history"], theme="light")
    plot([run], metric="loss")
    plot([run, run])
    assert backgrounds == [DARK.background, LIGHT.background, DARK.background, DARK.background]
    assert theme() is LIGHT
    with pytest.raises(UserError, match=r'theme: must be one of light, dark \(got "drak"\); did you mean "dark"\?'):
        plot([run], theme="drak")


@pytest.mark.parametrize("config", ["name: x\n", "output: 3\n", "output: {theme: pink}\n", "output: {theme: [dark]}\n"])
def test_a_run_without_a_theme_is_light(run: Path, config: str) -> None:
    (run / "config.yaml").write_text(config, encoding="utf-8")
    assert theme_of(run) == "light"


def _contrast(one: str, other: str) -> float:
    """As WCAG 2 has it: from 1 to 21."""
    linear = [[part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
              for colour in (one, other)]  # fmt: skip
    bright, dim = sorted((0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in linear), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("name", THEMES)
def test_everything_can_be_seen_on_its_background(name: str) -> None:
    look = THEMES[name]
    assert _contrast(look.text, look.background) > 12
    assert _contrast(look.faint, look.background) > 3
    assert _contrast(look.fainter, look.background) > 1.7
    assert min(_contrast(colour, look.background) for colour in look.colours) > 2.2  # orange and sky on white
    assert len(set(look.colours)) == 7
    assert _contrast(look.on_shade, look.shades[-1]) > 10


def test_numbers_in_cells_can_be_read_in_both_themes() -> None:
    for name, look in THEMES.items():
        with themed(name):
            axes = confusion_matrix_figure({**CONFUSION, "confusion_matrix": [[6, 4], [0, 5]]}).axes[0]
            shades = colour_map()
        colours = {text.get_text(): to_hex(text.get_color()).upper() for text in axes.texts}
        strong = dict.fromkeys(["6", "60 %", "5", "100 %"], look.on_shade)
        assert colours == {**strong, "4": look.text, "40 %": look.text, "0": look.fainter}
        cells = {"6": 0.6, "4": 0.4, "5": 1.0}
        assert all(_contrast(colours[text], to_hex(shades(share))) > 3 for text, share in cells.items())


def test_light_has_the_colours_of_okabe_and_ito_and_the_shades_of_matplotlibs_blues() -> None:
    from matplotlib import colormaps

    assert (LIGHT.colours, LIGHT.background) == (COLOURS, "#FFFFFF")
    assert [colour_map()(place) for place in range(256)] == [colormaps["Blues"](place) for place in range(256)]
