"""Pictures of layers: histograms at the start and the end, the first layer, norms of gradients."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.errors import RunDirectoryError
from mlpcli.language import speaking
from mlpcli.plotting.first_layer import first_layer_figure, mosaic_of
from mlpcli.plotting.gradients import gradients_figure
from mlpcli.plotting.layer_histograms import activations_figure, weights_figure
from mlpcli.plotting.run_plots import draw_run
from mlpcli.plotting.style import BLUE, ORANGE
from mlpcli.runs.layer_file import LayerFile, LayerNumbers, UnitPictures, Values, write_layers

pytestmark = pytest.mark.usefixtures("hangul_font")

NARROW = Values(-0.5, 0.5, (1, 2), 0.0, 0.25)
WIDE = Values(-2.0, 2.0, (3, 6, 12, 3), 0.12345, 1.5)
RELU = LayerNumbers("은닉", "relu", 8, False, NARROW, replace(WIDE, zeros=0.52), dead=3)
SIGMOID = LayerNumbers("s", "sigmoid", 1000, False, NARROW, WIDE, saturated=250, at_limit=0.6149)
OUTPUT = LayerNumbers("out", None, 1, True, NARROW, WIDE)


def panels(figure: Any) -> list[Any]:
    return figure.axes


def steps(axes: Any) -> list[tuple[list[float], list[float]]]:
    """The outlines: heights and edges."""
    data = [patch.get_data() for patch in axes.patches if not patch.get_fill()]
    return [(data.values.tolist(), data.edges.tolist()) for data in data]


def test_a_panel_for_each_layer_with_start_and_end_as_high_as_it() -> None:
    figure = weights_figure(LayerFile(512, (RELU, OUTPUT), (replace(RELU, weights=WIDE), OUTPUT)), "수")
    assert figure is not None
    first, second = panels(figure)
    assert steps(first) == [([0.5, 1.0], [-0.5, 0.0, 0.5]), ([0.25, 0.5, 1.0, 0.25], [-2, -1, 0, 1, 2])]
    assert first.get_title("left") == "은닉: 8 units, relu"
    assert second.get_title("left") == "out: 1 unit, linear"
    assert first.get_xlabel().splitlines() == [
        "start: mean 0, standard deviation 0.25",
        "end: mean 0.123, standard deviation 1.5",
    ]
    assert figure.get_suptitle() == "수\nweights of each layer, at the start and at the end"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "start (before training)",
        "end (the weights that were kept)",
    ]
    colours = [handle.get_edgecolor() for handle in figure.legends[0].get_patches()]
    from matplotlib.colors import to_rgba

    assert colours == [to_rgba(ORANGE), to_rgba(BLUE)]


def test_dead_and_saturated_units_are_named() -> None:
    figure = activations_figure(LayerFile(512, (RELU, SIGMOID, OUTPUT)))
    assert figure is not None
    assert [axes.get_xlabel().splitlines() for axes in panels(figure)] == [
        ["start: mean 0.123, standard deviation 1.5", "      52 % zeros; dead units: 3 of 8"],
        ["start: mean 0.123, standard deviation 1.5", "      61 % at a limit; saturated units: 250 of 1,000"],
        ["start: mean 0.123, standard deviation 1.5"],
    ]
    assert figure.get_suptitle() == "activations of each layer on 512 training rows, before training"


def test_in_korean() -> None:
    with speaking("ko"):
        figure = activations_figure(LayerFile(512, (RELU,), (SIGMOID,)), "수")
    assert figure is not None
    assert figure.get_suptitle().replace("\n", " ") == "수 각 층의 활성화 값 분포(학습 데이터 512행): 학습 전과 학습 후"
    assert panels(figure)[0].get_xlabel().splitlines() == [
        "학습 전: 평균 0.123, 표준편차 1.5",
        "      0의 비율 52 %, 죽은 유닛 3개(전체 8개)",
        "학습 후: 평균 0.123, 표준편차 1.5",
        "      한계값의 비율 61 %, 포화된 유닛 250개(전체 1,000개)",
    ]


def test_values_without_width_and_values_that_are_not_finite() -> None:
    one, none = Values(0.0, 0.0, (5,), 0.0, 0.0), Values(0.0, 0.0, (), None, None)
    figure = weights_figure(LayerFile(1, (replace(OUTPUT, weights=one), replace(OUTPUT, weights=none))))
    assert figure is not None
    first, second = panels(figure)
    assert [line.get_xdata()[0] for line in first.lines] == [0.0]
    assert (len(second.lines), len(second.patches)) == (0, 0)
    assert second.get_xlabel() == "start: not all values are finite"


def test_many_layers_in_rows_of_the_same_length() -> None:
    figure = weights_figure(LayerFile(1, (), (OUTPUT,) * 7, left_out=3), "a")
    assert figure is not None
    assert panels(figure)[0].get_subplotspec().get_gridspec().get_geometry() == (2, 4)
    assert figure.get_suptitle() == "a\nweights of each layer, at the end\n7 of 10 layers are shown"


def test_start_and_end_of_different_networks_are_not_compared() -> None:
    assert weights_figure(LayerFile(1, (OUTPUT,), (OUTPUT, OUTPUT))) is None


def pictures(channels: int, count: int = 3) -> LayerFile:
    weights = np.arange(count * 4 * channels, dtype=np.float64).reshape(count, 2, 2, channels) - 5
    return LayerFile(first_layer=UnitPictures.of("은닉", 9, range(count), weights))


def test_a_mosaic_has_gaps_between_its_pictures() -> None:
    found = mosaic_of(np.arange(12.0).reshape(3, 2, 2, 1), 2)[..., 0]
    assert found.shape == (5, 5)
    assert found[:2, :2].tolist() == [[0, 1], [2, 3]] and found[:2, 3:].tolist() == [[4, 5], [6, 7]]
    assert found[3:, :2].tolist() == [[8, 9], [10, 11]]
    assert np.isnan(found[2]).all() and np.isnan(found[:, 2]).all() and np.isnan(found[3:, 3:]).all()


def test_each_unit_has_its_own_scale_around_0() -> None:
    figure = first_layer_figure(pictures(1), "r")
    assert figure is not None
    (image,) = figure.axes[0].images
    assert image.get_clim() == (-1, 1)
    shown = image.get_array().filled(np.nan)
    assert shown[:2, :2].ravel() == pytest.approx([-1, -0.8, -0.6, -0.4], abs=0.005)
    assert np.nanmax(shown[:, 3:]) == np.nanmax(shown[3:]) == 1
    assert figure.get_suptitle() == "r\nweights of the first layer, 은닉: the strongest 3 of 9 units"


def test_coloured_pictures_are_grey_where_a_weight_is_0() -> None:
    figure = first_layer_figure(pictures(3, count=1))
    assert figure is not None
    shown = np.asarray(figure.axes[0].images[0].get_array())
    assert shown.shape == (2, 2, 3)
    assert shown[0, 1, 2] == 0.5 and shown[1, 1, 2] == 1.0  # the weights 0 and 6, the largest


def test_a_line_for_each_layer_from_the_first_to_the_last() -> None:
    history = {"epoch": [1.0, 2.0], "a": [1e-6, 1e-5], "$b$": [0.0, 0.0], "c": [0.0, 0.5]}
    figure = gradients_figure(history, "r")
    assert figure is not None
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    assert [line.get_label() for line in axes.lines] == ["a", "$b$ (0)", "c"]
    assert axes.lines[0].get_ydata().tolist() == [1e-6, 1e-5]
    assert np.isnan(axes.lines[2].get_ydata()).tolist() == [True, False]
    assert figure.get_suptitle() == "r\nnorm of the gradient of each layer"


def test_norms_of_the_same_size_look_so() -> None:
    figure = gradients_figure({"epoch": [1.0, 2.0], "a": [0.4, 0.5], "b": [0.45, 0.45]})
    assert figure is not None
    low, high = figure.axes[0].get_ylim()
    assert high / low == pytest.approx(10) and low * high == pytest.approx(0.4 * 0.5)


def test_of_very_many_layers_some_lines_are_drawn() -> None:
    figure = gradients_figure({"epoch": [1.0]} | {f"l{place}": [1.0] for place in range(50)})
    assert figure is not None
    lines = figure.axes[0].lines
    assert (len(lines), lines[0].get_label(), lines[-1].get_label()) == (14, "l0", "l49")
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 14
    assert figure.get_suptitle().endswith("\n14 of 50 layers are shown")


@pytest.mark.parametrize("history", [{}, {"epoch": []}, {"epoch": [1.0]}])
def test_no_gradients_no_picture(history: dict[str, list[float]]) -> None:
    assert gradients_figure(history) is None


def test_all_gradients_zero() -> None:
    figure = gradients_figure({"epoch": [1.0, 2.0], "a": [0.0, 0.0]})
    assert figure is not None and figure.axes[0].get_yscale() == "linear"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text("name: r\n", encoding="utf-8")
    (tmp_path / "history.csv").write_text("epoch,loss\n1,0.5\n", encoding="utf-8")
    return tmp_path


ON_REQUEST = ["weights", "activations", "first_layer", "gradients"]


def test_they_are_drawn_only_on_request(run: Path) -> None:
    write_layers(run, replace(pictures(1), rows=3, start=(RELU,), end=(RELU,)))
    (run / "gradients.csv").write_text("epoch,은닉\n1,0.5\n2,0.", encoding="utf-8")
    assert [path.name for path in draw_run(run, ["png"]).paths] == ["history.png"]
    assert [path.stem for path in draw_run(run, ["png"], ON_REQUEST).paths] == ON_REQUEST


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("weights", "it needs layers.json, which train writes where NumPy supports the layers"),
        ("first_layer", "it needs images whose pixels go into a dense layer"),
        ("gradients", "it needs output.gradient_norms: true in its config"),
    ],
)
def test_a_run_without_the_numbers(run: Path, name: str, needs: str) -> None:
    with pytest.raises(RunDirectoryError, match=needs):
        draw_run(run, ["png"], [name])


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "epoch,a\nx,1\n"])
def test_damaged_gradients_are_named(run: Path, text: str) -> None:
    (run / "gradients.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=r"gradients\.csv"):
        draw_run(run, ["png"], ["gradients"])
