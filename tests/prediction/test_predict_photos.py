"""Photos of one thing for a model of such things: cut out, said once, shown by --save-input; others taken whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mlpcli.workflows.predict import predict

SQUARE = np.zeros((8, 8))
SQUARE[2:6, 2:6] = 255
"""What the network is to see: the thing half as large as the picture, in its middle."""


def _answer(x: np.ndarray) -> np.ndarray:
    return np.tile([1.0, 0.0, 0.0], (len(x), 1))


def _photo(light: float = 0.4) -> np.ndarray:
    """A page (120, 160) that is darker to the right, with a black square of 40 pixels near its corner."""
    page = np.tile(220 * (1 - light * np.linspace(0, 1, 160)), (120, 1))
    page += np.random.default_rng(0).normal(0, 2, page.shape)
    page[12:52, 20:60] *= 0.1
    return np.uint8(page)


@pytest.fixture
def things(model: Any) -> tuple[Path, Any]:
    """A model of 8 x 8 pictures that show one thing, half as large, on a dark background."""
    image = {"size": [8, 8], "color": "grayscale", "fit": "pad", "border": 0.0}
    framing = {"box": 0.5, "by": "box", "at": [0.5, 0.5]}
    path, network = model((8, 8), answer=_answer, image={**image, "framing": framing}, pixel_max=255.0)
    return path, network


def test_the_thing_is_cut_out_of_a_photo(things: Any, picture: Any) -> None:
    path, network = things
    photo = picture("사진.png", _photo())
    assert predict(path, photo).notes == [
        f"{photo}: background removed, subject cut out and inverted, to match the training"
        " pictures; --no-invert and --no-crop prevent that, --save-input DIR shows the steps"
    ]
    assert np.abs(network.seen[-1][0] - SQUARE).mean() < 30
    predict(path, photo, invert=False)
    assert np.abs(255.0 - network.seen[-1][0] - SQUARE).mean() < 30


def test_a_folder_of_photos_gives_one_note(things: Any, picture: Any) -> None:
    for number in range(22):
        folder = picture(f"photos/{number:02}.png", _photo(0.2 + number / 100)).parent
    (note,) = predict(things[0], folder).notes
    names = ", ".join(str(folder / f"{number:02}.png") for number in range(3))
    assert note.startswith(f"22 pictures ({names}, ...): background removed")


@pytest.mark.parametrize("pixels", [np.kron(SQUARE, np.ones((20, 20))), SQUARE, np.kron(SQUARE, np.ones((2, 1)))[:9]])
def test_a_picture_like_those_of_training_is_taken_as_it_is(things: Any, picture: Any, pixels: np.ndarray) -> None:
    path, network = things
    found = predict(path, picture("a.png", pixels))
    whole = predict(path, picture("a.png", pixels), crop=False)
    assert found.notes == whole.notes == []
    np.testing.assert_array_equal(*network.seen)


def test_crop_and_no_crop_decide(things: Any, picture: Any) -> None:
    path, network = things
    clean = np.roll(np.kron(SQUARE, np.ones((20, 20))), 20, axis=(0, 1))  # a little aside
    photo, drawing = picture("photo.png", _photo()), picture("drawing.png", clean)
    (note,) = predict(path, photo, crop=False).notes
    assert "light background" in note
    assert np.abs(network.seen[-1][0] - SQUARE).mean() > 30
    assert predict(path, drawing).notes == []
    assert np.abs(network.seen[-1][0] - SQUARE).mean() > 45
    (note,) = predict(path, drawing, crop=True).notes
    assert note.startswith(f"{drawing}: background removed, subject cut out, to match")
    assert np.abs(network.seen[-1][0] - SQUARE).mean() < 30


def test_crop_for_a_model_of_other_pictures_is_said_to_do_nothing(model: Any, digits_form: Any, picture: Any) -> None:
    path, _ = model((4, 4), answer=_answer, **digits_form)
    (note,) = predict(path, picture("a.png", 0), crop=True).notes
    assert "--crop does nothing" in note


def test_where_nothing_stands_out_it_is_said(things: Any, picture: Any) -> None:
    path, network = things
    noise = np.random.default_rng(0).integers(0, 128, (120, 160))
    (note,) = predict(path, picture("a.png", noise)).notes
    assert "a.png: warning: nothing stands out from a plain background, so the whole picture is used" in note
    assert predict(path, picture("a.png", noise), crop=False).notes == []
    np.testing.assert_array_equal(*network.seen)


def test_the_steps_are_saved(things: Any, picture: Any, tmp_path: Path) -> None:
    files = [picture("photo.png", _photo()), picture("like.png", SQUARE)]
    predict(things[0], files, save_input=tmp_path / "saw")
    names = ["like.png", "photo-1-photo.png", "photo-2-background.png", "photo-3-thing.png", "photo.png"]
    assert [file.name for file in sorted((tmp_path / "saw").iterdir())] == names
    for name, size in zip(names, [(8, 8), (160, 120), (160, 120), (160, 120), (8, 8)], strict=True):
        with Image.open(tmp_path / "saw" / name) as image:
            assert (image.mode, image.size) == ("L", size)
