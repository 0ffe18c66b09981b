"""A photo of one thing on a page: what is found on it, and how it is put into the frame of the training pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlpcli.data.dataset import Framing, ImageForm
from mlpcli.data.images.framing import framed, framing_of, is_like_training, steps_of
from mlpcli.data.images.photo import Thing, connected_parts, find_thing

FRAMING = Framing(0.5)
FORM = ImageForm((28, 28), "grayscale", "pad", 0.0, FRAMING)


def _page(light: float = 0.0, shadow: float = 0.0, paper: float = 220) -> np.ndarray:
    """A page (240, 320) that is darker to the right by `light`, with a soft shadow on its left, and a little noise."""
    x = np.linspace(0, 1, 320)
    brightness = paper * (1 - light * x) * (1 - shadow / (1 + np.exp((x - 0.3) * 30)))
    return np.tile(brightness, (240, 1)) + np.random.default_rng(0).normal(0, 3, (240, 320))


def _taken(values: np.ndarray) -> np.ndarray:
    return np.uint8(np.clip(values, 0, 255))


def _with_ink(page: np.ndarray, *boxes: tuple[int, int, int, int], ink: float = 0.2) -> np.ndarray:
    for top, bottom, left, right in boxes:
        page[top:bottom, left:right] *= ink
    return _taken(page)


def _found(photo: np.ndarray) -> Thing:
    thing = find_thing(photo)
    assert thing is not None
    return thing


@pytest.mark.parametrize(("light", "shadow"), [(0.0, 0.0), (0.4, 0.0), (0.2, 0.3)])
def test_the_thing_is_found_under_light_and_shadow(light: float, shadow: float) -> None:
    thing = _found(_with_ink(_page(light, shadow), (100, 160, 180, 210)))
    assert thing.dark and thing.even == (light == 0)
    assert np.abs(np.subtract(thing.box, (100, 160, 180, 210))).max() <= 2
    assert thing.contrast[110:150, 190:200].min() > 0.7
    assert thing.contrast[:90].max() == thing.contrast[:, :170].max() == 0


def test_light_on_dark_is_not_dark() -> None:
    page = _page(0.3, paper=60)
    page[100:160, 180:210] = 230
    thing = _found(_taken(page))
    assert not thing.dark
    assert np.abs(np.subtract(thing.box, (100, 160, 180, 210))).max() <= 2


def test_what_lies_near_belongs_to_it_and_what_is_far_does_not() -> None:
    large, near, speck, far = (80, 160, 120, 140), (82, 92, 150, 170), (120, 122, 150, 152), (200, 220, 290, 300)
    box = _found(_with_ink(_page(0.2), large, near, speck, far)).box
    assert np.abs(np.subtract(box, (80, 160, 120, 170))).max() <= 2


def test_what_the_border_cuts_off_is_not_the_thing() -> None:
    box = _found(_with_ink(_page(0.2), (0, 60, 0, 100), (120, 160, 180, 200))).box
    assert np.abs(np.subtract(box, (120, 160, 180, 200))).max() <= 2


def test_an_empty_page_shows_nothing() -> None:
    assert find_thing(_taken(_page(0.3, 0.3))) is None
    assert find_thing(np.random.default_rng(0).integers(0, 256, (240, 320), np.uint8)) is None  # no plain background


def test_small_and_odd_pictures_are_no_fault() -> None:
    draw = np.random.default_rng(0)
    for _ in range(100):
        picture = np.full(draw.integers(1, 40, 2), draw.integers(0, 256), np.uint8)
        y, x = draw.integers(0, picture.shape)
        picture[y : y + draw.integers(1, 20), x : x + draw.integers(1, 20)] = draw.integers(0, 256)
        thing = find_thing(picture)
        if thing is not None:
            seen = framed(thing, replace(FORM, size=(8, 12)), Framing(0.7, "mass"), None)
            assert seen.shape == (8, 12) and seen.max() > 200


def test_the_thing_keeps_its_proportions_and_gets_the_margins_of_training() -> None:
    thing = _found(_with_ink(_page(0.3), (100, 160, 180, 210)))
    seen = framed(thing, FORM, FRAMING, None)
    assert (seen.shape, seen.dtype) == ((28, 28), np.uint8)
    rows, columns = np.flatnonzero(seen.max(axis=1) > 127), np.flatnonzero(seen.max(axis=0) > 127)
    assert (rows[0], rows[-1]) == (7, 20)  # half of 28, in the middle
    assert len(columns) in (6, 7, 8) and abs(columns.mean() - 13.5) <= 0.5  # half as wide as tall
    assert seen[:5].max() == seen[:, :8].max() == 0 and seen[8:20, 12:16].min() > 200


def test_the_background_is_that_of_training_or_that_of_the_photo() -> None:
    thing = _found(_with_ink(_page(0.3), (100, 160, 180, 210)))
    light = replace(FORM, border=0.9)
    np.testing.assert_array_equal(framed(thing, light, FRAMING, None), 255 - framed(thing, FORM, FRAMING, None))
    np.testing.assert_array_equal(framed(thing, FORM, FRAMING, False), framed(thing, light, FRAMING, None))
    np.testing.assert_array_equal(framed(thing, light, FRAMING, True), framed(thing, FORM, FRAMING, None))


def test_the_middle_is_that_of_the_mass_where_it_is_in_training() -> None:
    foot = _with_ink(_page(), (60, 140, 150, 160), (120, 140, 125, 185))
    seen = framed(_found(foot), FORM, Framing(0.5, "mass"), None).astype(float)
    y = seen.sum(axis=1) @ (np.arange(28) + 0.5) / seen.sum()
    assert y == pytest.approx(14, abs=0.3)
    assert framed(_found(foot), FORM, FRAMING, None).max(axis=1)[7] > 127  # by its box, it begins at a quarter


def test_a_drawing_with_the_margins_of_training_needs_no_cutting() -> None:
    clean = np.full((240, 240), 255, np.uint8)
    clean[60:180, 90:150] = 0
    thing = _found(clean)
    assert thing.even and is_like_training(thing, FRAMING)
    assert not is_like_training(thing, Framing(0.9))  # other margins
    assert not is_like_training(_found(_with_ink(_page(0.3), (60, 180, 90, 150))), FRAMING)  # light and shadow


def test_the_steps_are_pictures() -> None:
    thing = _found(_with_ink(_page(0.3), (100, 160, 180, 210)))
    steps, (top, bottom, left, right) = steps_of(thing), thing.box
    assert list(steps) == ["1-photo", "2-background", "3-thing"]
    assert {(step.shape, step.dtype.name) for step in steps.values()} == {((240, 320), "uint8")}
    assert steps["2-background"][100:160, 180:210].min() > 150  # the page goes on under the thing
    assert steps["3-thing"][[top - 1, bottom], left:right].min() == 255  # the box around it


def _things(box: int, count: int = 50) -> np.ndarray:
    """Pictures (count, 28, 28): triangles as tall as `box`, their centres of mass at (14, 14)."""
    x = np.zeros((count, 28, 28))
    for number in range(count):
        width = 4 + number % 5
        rows = np.arange(box)
        x[number, 2 + rows[0] : 2 + box, 10 : 10 + width] = 1 if number % 2 else 0.7
    return x


def test_the_framing_is_measured_on_the_training_pictures() -> None:
    found = framing_of(_things(20), 1)
    assert found is not None
    assert found.box == pytest.approx(20 / 28)
    assert found.at == pytest.approx((12 / 28, (10 + 3) / 28), abs=1e-6)
    assert framing_of((255 * _things(20)[..., np.newaxis]).astype(np.uint8), 255) == found
    assert framing_of(1 - _things(20), 1) == found


def test_pictures_of_no_one_thing_have_no_framing() -> None:
    draw = np.random.default_rng(0)
    assert framing_of(draw.uniform(0, 1, (50, 28, 28)), 1) is None
    assert framing_of(np.zeros((50, 28, 28)), 1) is None
    assert framing_of(np.concatenate([_things(6), _things(12), _things(20)]), 1) is None  # of all sizes


def test_parts_that_touch_are_one() -> None:
    spiral = np.zeros((9, 9), bool)
    spiral[0, :], spiral[:, 8], spiral[8, :], spiral[2:, 0], spiral[2, :7], spiral[2:7, 6] = (True,) * 6
    labels, count = connected_parts(spiral)
    assert count == 1 and np.array_equal(labels > 0, spiral)
    assert connected_parts(np.eye(5, dtype=bool))[1] == 1
    assert connected_parts(np.indices((4, 6)).sum(axis=0) % 3 == 0)[1] == 3
    assert connected_parts(np.zeros((3, 3), bool))[1] == 0
