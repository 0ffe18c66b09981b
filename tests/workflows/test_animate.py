"""`plot --animate`: a frame for each snapshot, the classes those of `predict`, and what cannot be animated."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mlpcli
from mlpcli.errors import RunDirectoryError, UserError
from mlpcli.plotting.plane_animation import Frame, write_animation
from mlpcli.plotting.plane_colours import region_colours
from mlpcli.runs.plane import Answers, read_plane
from mlpcli.runs.snapshots import read_snapshots
from mlpcli.scoring.plane import grid_points
from mlpcli.workflows.animate import animate, animation_frames, caption


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of a CSV, robust scaling and bins, five epochs by NumPy."""
    folder = tmp_path_factory.mktemp("animate")
    x = np.random.default_rng(3).normal(size=(90, 2)) * [7, 300] + [40, 1000]
    kinds = ["abc"[int(first > 40) + int(second > 1100)] for first, second in x]
    with open(folder / "two.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["width", "height", "kind"])
        writer.writerows([f"{a:.3f}", f"{b:.1f}", kind] for (a, b), kind in zip(x, kinds, strict=True))
    config = folder / "two.yaml"
    config.write_text(
        f"name: two\ndata:\n  source: {folder / 'two.csv'}\n  target: kind\n  validation: 0.2\n  test: 0.2\n"
        "  scaling: robust\n  numeric_encoding: {piecewise_linear: {bins: 4}}\n"
        "model: {hidden_units: [9]}\ntraining: {epochs: 5, engine: numpy}\noutput: {plots: []}\n"
    )
    return mlpcli.train(config, run_dir=folder / "run").run


def test_the_classes_of_the_kept_epoch_are_those_of_predict(run: Path, tmp_path: Path) -> None:
    plane, snapshots = read_plane(run), read_snapshots(run)
    assert plane is not None
    assert snapshots is not None
    frames = animation_frames(run, plane, snapshots, cells=40)
    x, y = (np.linspace(axis[0], axis[-1], 40).astype(np.float32) for axis in (plane.x, plane.y))
    with open(tmp_path / "cells.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["width", "height"])
        writer.writerows([repr(float(across)), repr(float(up))] for across, up in grid_points(x, y))
    found = [entry["label"] for entry in mlpcli.predict(run, tmp_path / "cells.csv").predictions]
    (kept,) = [frame for frame in frames if frame.kept]
    assert kept.answers.classes is not None
    assert plane.class_names is not None
    assert [plane.class_names[index] for index in kept.answers.classes.ravel()] == found
    assert len(frames) == 6
    assert any((frame.answers.classes != kept.answers.classes).any() for frame in frames)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_file_has_a_frame_for_each_snapshot(run: Path, tmp_path: Path, theme: str) -> None:
    result = animate([run], tmp_path / "boundary.GIF", theme)
    assert result.paths == [tmp_path / "boundary.GIF"]
    with Image.open(tmp_path / "boundary.GIF") as picture:
        assert (picture.n_frames, picture.format, picture.info["loop"]) == (6, "GIF", 0)
    assert (tmp_path / "boundary.GIF").stat().st_size < 2_000_000


def test_regions_have_their_colours_and_a_line_between(small_plane: Any, tmp_path: Path) -> None:
    plane = replace(small_plane(), points=())
    other = Answers(1 - plane.answers.outputs, (1 - plane.answers.classes).astype(np.int16))
    frames = [Frame("epoch 0", plane.answers, False), Frame("epoch 1", other, True)]
    assert write_animation(tmp_path / "a.gif", plane, frames, "fruit") is None
    with Image.open(tmp_path / "a.gif") as picture:
        shown = []
        for number in range(2):
            picture.seek(number)
            shown.append(np.asarray(picture.convert("RGB")).astype(int))
    for pixels, answers in zip(shown, (plane.answers, other), strict=True):
        cells = region_colours(plane, answers, 12).astype(int)
        for side, cell in ((120, cells[0, 0]), (-40, cells[0, -1])):
            assert np.abs(pixels[300, side] - cell).max() <= 12
        assert pixels[300, 150:-60].sum(axis=1).min() < 300  # the border
    assert (shown[0] != shown[1]).any(axis=2)[:60].any()  # the caption


def test_the_caption_has_the_losses_of_the_epoch() -> None:
    history = {"epoch": [1.0, 2.0], "loss": [0.75, 0.5], "val_loss": [0.8, 0.625]}
    assert caption(0, 2, history, False) == "epoch 0, before training"
    assert caption(2, 2, history, True) == "epoch 2 of 2: loss 0.5000, val_loss 0.6250 (kept)"
    assert caption(1, 2, {"epoch": [1.0], "loss": [0.75]}, False) == "epoch 1 of 2: loss 0.7500"
    assert caption(3, 3, history, False) == "epoch 3 of 3"


def test_one_run_and_a_gif_are_asked_for(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--animate: is for one run \(got 2\)"):
        animate([run, run])
    with pytest.raises(UserError, match=r'--animate writes a GIF, so the name must end with \.gif \(got "\.png"\)'):
        animate([run], tmp_path / "a.png")
    with pytest.raises(UserError, match=r"is a folder; give a file in it, such as .*decision_boundary\.gif"):
        animate([run], tmp_path)
    with pytest.raises(UserError, match="does not exist; make it first"):
        animate([run], tmp_path / "no" / "a.gif")


def test_a_run_without_snapshots_says_what_to_draw_instead(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: older\n")
    with pytest.raises(RunDirectoryError, match=r"has no snapshots of its weights.*two numbers.*draw history or"):
        animate([tmp_path])


def test_a_run_that_goes_on_is_to_be_animated_afterwards(run: Path, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: going on\n")
    (tmp_path / "snapshots.npz").write_bytes((run / "snapshots.npz").read_bytes())
    with pytest.raises(RunDirectoryError, match=r"training has not ended; .* resume with: mlpcli train --resume"):
        animate([tmp_path])


def test_weights_of_another_network_are_refused(run: Path) -> None:
    plane, snapshots = read_plane(run), read_snapshots(run)
    assert plane is not None
    assert snapshots is not None
    with pytest.raises(RunDirectoryError, match=r"its snapshots\.npz is not of its model"):
        animation_frames(run, plane, replace(snapshots, weights=snapshots.weights[:, 1:]))
