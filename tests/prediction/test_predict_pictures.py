"""Pictures: read as in training, inverted where the background is the other one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mlpcli.errors import DataError, UserError
from mlpcli.workflows.predict import predict, prepare_prediction

STROKE = np.zeros((4, 4), np.uint8)
STROKE[1:3, 1] = 255


def _darkness(x: np.ndarray) -> np.ndarray:
    """Three "probabilities": how much of the picture is 0, half, full."""
    share = x.reshape(len(x), -1).mean(axis=1) / 16
    return np.stack([1 - share, share, np.zeros(len(x))], axis=1)


def test_a_picture_is_scaled_to_the_range_of_training(model: Any, digits_form: Any, picture: Any) -> None:
    path, network = model((4, 4), answer=_darkness, **digits_form)
    result = predict(path, picture("a.png", STROKE))
    assert network.seen[0].dtype == np.float32
    assert network.seen[0].tolist() == [(STROKE / 255 * 16).tolist()]
    assert result.predictions == [{"input": str(path.parent / "a.png"), "label": "a", "probability": 0.875}]
    assert (result.name, result.task, result.notes) == ("숫자", "classification", [])


def test_a_light_background_is_inverted_and_said(model: Any, digits_form: Any, picture: Any) -> None:
    path, network = model((4, 4), answer=_darkness, **digits_form)
    photo = picture("사진.png", 255 - STROKE)
    assert predict(path, photo).notes == [
        f"{photo}: light background, but the model was trained on dark ones: inverted; --no-invert prevents that"
    ]
    assert network.seen[-1].tolist() == [(STROKE / 255 * 16).tolist()]
    assert predict(path, photo, invert=False).notes == []
    assert network.seen[-1].tolist() == [((255 - STROKE) / 255.0 * 16).tolist()]


def test_a_dark_background_is_inverted_for_a_model_of_light_ones(model: Any, digits_form: Any, picture: Any) -> None:
    digits_form["image"]["border"] = 0.95
    path, network = model((4, 4), answer=_darkness, **digits_form)
    assert "dark background, but the model was trained on light" in predict(path, picture("a.png", STROKE)).notes[0]
    assert network.seen[0][0, 0, 0] == 16


@pytest.mark.parametrize(("border", "gray", "inverted"), [(0.1, 150, False), (0.1, 156, True), (0.45, 255, True)])
def test_only_a_large_difference_inverts(
    model: Any, digits_form: Any, picture: Any, border: float, gray: int, inverted: bool
) -> None:
    digits_form["image"]["border"] = border
    path, _ = model((4, 4), answer=_darkness, **digits_form)
    assert bool(predict(path, picture("a.png", gray)).notes) is inverted


def test_colour_is_never_inverted(model: Any, digits_form: Any, picture: Any) -> None:
    digits_form["image"]["color"] = "rgb"
    path, network = model((4, 4, 3), answer=_darkness, **{**digits_form, "pixel_max": 255.0})
    assert predict(path, picture("a.png", np.full((9, 7, 3), 255))).notes == []
    assert network.seen[0].dtype == np.uint8 and network.seen[0].min() == 255


def test_other_proportions_are_padded_with_the_border(model: Any, digits_form: Any, picture: Any) -> None:
    path, network = model((4, 4), answer=_darkness, **digits_form)
    tall = np.zeros((40, 20), np.uint8)
    tall[10:30, 5:15] = 255
    predict(path, picture("tall.png", tall))
    assert network.seen[0][0, :, [0, 3]].max() == 0  # the sides are padding
    assert network.seen[0][0, 1:3, 1:3].min() > 0


def test_a_channel_of_its_own(model: Any, digits_form: Any, picture: Any) -> None:
    path, network = model((4, 4, 1), answer=_darkness, **digits_form)
    predict(path, picture("a.png", STROKE))
    assert network.seen[0].shape == (1, 4, 4, 1)


def test_a_folder_by_name_without_what_is_no_picture(model: Any, digits_form: Any, picture: Any) -> None:
    path, _ = model((4, 4), answer=_darkness, **digits_form)
    folder = picture("photos/b.PNG").parent
    picture("photos/a.png")
    picture("photos/inner/c.png")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    (folder / "labels.csv").write_text("x", encoding="utf-8")
    (folder / "Thumbs.db").write_text("x", encoding="utf-8")
    result = predict(path, folder)
    assert [Path(row["input"]).name for row in result.predictions] == ["a.png", "b.PNG"]
    assert len(result.notes) == 1
    assert "labels.csv, notes.txt" in result.notes[0]


def test_a_pattern_and_a_name_without_an_end(
    model: Any, digits_form: Any, picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = model((4, 4), answer=_darkness, **digits_form)
    picture("1.png").rename(path.parent / "scan")
    picture("2.jpg"), picture("3.jpg")
    monkeypatch.chdir(path.parent)
    result = predict(path, ["*.jpg", "scan"])
    assert [row["input"] for row in result.predictions] == ["2.jpg", "3.jpg", "scan"]


def test_large_sets_of_pictures_are_read_in_parts(
    model: Any, digits_form: Any, picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlpcli.workflows import picture_batches as pictures
    from mlpcli.workflows import predict_inputs as inputs

    monkeypatch.setattr(pictures, "BATCH_BYTES", 2 * 4 * 16)
    monkeypatch.setattr(inputs, "KEPT_BYTES", 100)
    path, network = model((4, 4), answer=_darkness, **digits_form)
    files = [picture(f"{n}.png", 250 - n) for n in range(5)]
    result = predict(path, files)
    assert [len(x) for x in network.seen] == [2, 2, 1]
    assert [row["input"] for row in result.predictions] == [str(file) for file in files]
    names = ", ".join(map(str, files[:3]))
    assert result.notes == [  # said once, though all are read twice
        f"5 pictures ({names}, ...): light background, but the model was trained on dark ones: inverted; --no-invert"
        " prevents that"
    ]


def test_what_the_network_saw_is_saved(model: Any, digits_form: Any, picture: Any, tmp_path: Path) -> None:
    path, _ = model((4, 4), answer=_darkness, **digits_form)
    files = [picture("x/a.png", STROKE), picture("y/A.jpg", 0), picture("light.png", 255 - STROKE)]
    predict(path, files, save_input=tmp_path / "new" / "saw")
    saved = sorted((tmp_path / "new" / "saw").iterdir())
    assert [file.name for file in saved] == ["A-2.png", "a.png", "light.png"]
    for file in saved[1:]:
        with Image.open(file) as image:
            assert (image.mode, image.size) == ("L", (4, 4))
            assert np.array_equal(np.asarray(image), STROKE)


def test_a_broken_picture_stops_where_told(model: Any, digits_form: Any, picture: Any, tmp_path: Path) -> None:
    path, _ = model((4, 4), **digits_form)
    broken = tmp_path / "z.png"
    broken.write_bytes(picture("a.png").read_bytes()[:40])
    with pytest.raises(DataError, match=r"z\.png: is .*; save the picture again, or choose another"):
        predict(path, [picture("a.png"), broken], strict=True)


REFUSED = [
    (["zebra.bmp"], "zebra.bmp: does not exist; check the path"),
    (["a.pgn"], 'a.pgn: does not exist; did you mean "a.png"?'),
    (["empty"], "empty: holds no pictures; give a folder with some"),
    (["nested"], "nested: holds no pictures; give one of the folders in it, such as nested/inner"),
    (["rows.csv"], "rows.csv: is a table, but this model takes grayscale pictures (made 4 x 4 pixels), or an .npy or"
     " .npz file of the shape (rows, 4, 4); give such inputs"),
    (["a.png", "x.npy"], "a.png is a picture and x.npy an array; give inputs of one kind at a time"),
    (["*.gif"], "*.gif: no file matches"),
    ([], "there is nothing to predict; give a picture"),
]  # fmt: skip


@pytest.mark.parametrize(("inputs", "words"), REFUSED, ids=lambda value: " ".join(value)[:20])
def test_what_is_wrong_is_said_before_the_network_is_loaded(
    model: Any, digits_form: Any, picture: Any, monkeypatch: pytest.MonkeyPatch, inputs: list[str], words: str
) -> None:
    path, _ = model((4, 4), **digits_form)
    picture("a.png")
    picture("nested/inner/a.png")
    (path.parent / "empty").mkdir()
    (path.parent / "rows.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    np.save(path.parent / "x.npy", np.zeros((2, 4, 4)))
    monkeypatch.chdir(path.parent)
    with pytest.raises(UserError) as caught:
        predict(path, inputs)
    assert words in str(caught.value)


def test_pictures_for_a_model_whose_range_is_not_known(model: Any, picture: Any) -> None:
    path, _ = model((4, 4))
    with pytest.raises(DataError, match=r"a\.png: is a picture, but this model takes an \.npy or \.npz file of the sh"):
        predict(path, picture("a.png"))


def test_notes_come_while_the_inputs_are_checked(model: Any, digits_form: Any, picture: Any) -> None:
    path, _ = model((4, 4), **digits_form)
    told: list[str] = []
    prepare_prediction(path, [picture("a.png", 255)], note=told.append)
    assert len(told) == 1 and "inverted" in told[0]
