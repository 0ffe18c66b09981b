"""A photo of one's own: a test picture of MNIST or Fashion-MNIST printed on a page, photographed, and predicted.

.venv-bench/bin/python -m benchmarks.own_photos FOLDER     FOLDER holds mnist/ and fashion-mnist/ as IDX files

The photos are made: 800 x 600 pixels in colour, an off-white page with wide margins, the print anywhere on it, a
little turned and seen aslant, light that falls off to one side, the soft edge of a shadow on every other one, blur,
noise, JPEG.
The network is trained on the usual pictures. Of each test picture it is asked three times: as the data set has it, as a
photo, and as a photo with --no-crop.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

import mlpcli
from benchmarks.engine import RESULTS, versions
from mlpcli.data.idx import read_idx_arrays

SETS = ("mnist", "fashion_mnist")
PHOTOS = 100
REPEATS = 3
SIZE = (800, 600)
CONFIG = """
name: {name}
data: {{source: {name}, path: "{folder}", validation: test}}
model: {{hidden_units: [128]}}
training: {{engine: numpy, optimizer: adam, epochs: {epochs}, batch_size: 256}}
output: {{plots: []}}
"""
EPOCHS = 3


def main(folder: Path) -> None:
    """Both sets; the results are written after each."""
    results: list[dict[str, Any]] = []
    for name in SETS:
        path = folder / name.replace("_", "-")
        with tempfile.TemporaryDirectory() as place:
            config = Path(place) / "config.yaml"
            config.write_text(CONFIG.format(name=name, folder=path, epochs=EPOCHS), encoding="utf-8")
            run = mlpcli.train(config, run_dir=Path(place) / "run").run
            results += [_round(name, path, run, seed, Path(place)) for seed in range(REPEATS)]
        content = {"versions": versions(), "photos": PHOTOS, "rows": results}
        (RESULTS / "own_photos.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    from benchmarks.report import write_pages

    write_pages()


def _round(name: str, path: Path, run: Path, seed: int, place: Path) -> dict[str, Any]:
    """One set of photos: how many are right, and of those that are right as pictures of the data set, what share."""
    draw = np.random.default_rng(seed)
    x, y, _ = read_idx_arrays(path, "t10k", "data.path")
    rows = np.sort(draw.choice(len(x), PHOTOS, replace=False))
    folder = place / f"{name}-{seed}"
    folder.mkdir()
    for number, row in enumerate(rows):
        photographed(x[row], draw).save(folder / f"{number:04}.jpg", quality=80)
    clean = _right(mlpcli.predict(run, x[rows]), y[rows])
    started = time.perf_counter()
    photos = _right(mlpcli.predict(run, folder), y[rows])
    seconds = time.perf_counter() - started
    whole = _right(mlpcli.predict(run, folder, crop=False), y[rows])
    row = {
        "set": name,
        "seed": seed,
        "clean": float(clean.mean()),
        "photos": float(photos.mean()),
        "kept": float(photos[clean].mean()),
        "kept_whole": float(whole[clean].mean()),
        "seconds": seconds,
    }
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def _right(result: mlpcli.PredictionResult, y: Any) -> Any:
    return result.outputs.argmax(axis=1) == y


def photographed(picture: Any, draw: np.random.Generator) -> Image.Image:
    """A picture (28, 28), light on dark, as ink on a page, as a phone would take it."""
    width, height = SIZE
    ink = np.asarray(_placed(picture, draw), np.float32)[..., np.newaxis] / 255
    paper = np.array([draw.uniform(215, 250), draw.uniform(210, 245), draw.uniform(190, 235)])
    page = paper * (1 - ink) + draw.uniform(20, 60) * ink
    lit = Image.fromarray(np.uint8(np.clip(page * _light(draw)[..., np.newaxis], 0, 255)))
    blurred = np.asarray(lit.filter(ImageFilter.GaussianBlur(draw.uniform(0.5, 1.5))), np.float32)
    noisy = blurred + draw.normal(0, draw.uniform(3, 7), (height, width, 3))
    return Image.fromarray(np.uint8(np.clip(noisy, 0, 255)))


def _placed(picture: Any, draw: np.random.Generator) -> Image.Image:
    """The ink (h, w) on the page: a print of 200 to 400 pixels, up to 6 degrees turned, its corners moved a little."""
    width, height = SIZE
    side, angle = draw.uniform(200, 400), np.deg2rad(draw.uniform(-6, 6))
    middle = np.array([draw.uniform(side * 0.65, width - side * 0.65), draw.uniform(side * 0.65, height - side * 0.65)])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * side / 2
    seen = middle + corners @ turn.T + draw.normal(0, side * 0.02, (4, 2))
    print_ = Image.fromarray(picture).resize((448, 448), Image.Resampling.BICUBIC)
    source = np.array([[0, 0], [448, 0], [448, 448], [0, 448]], float)
    return print_.transform(
        SIZE, Image.Transform.PERSPECTIVE, _perspective(seen, source).tolist(), Image.Resampling.BICUBIC
    )


def _perspective(seen: Any, source: Any) -> Any:
    """The eight numbers that take each corner seen to that of the source."""
    rows, wanted = [], []
    for (x, y), (u, v) in zip(seen, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return np.linalg.solve(np.array(rows), np.array(wanted))


def _light(draw: np.random.Generator) -> Any:
    """Light (h, w) from 0 to 1: falling off to one side, and the soft edge of a shadow on every other page."""
    width, height = SIZE
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    away = draw.uniform(0, 2 * np.pi)
    light = 1 - draw.uniform(0.05, 0.22) * (1 + x * np.cos(away) + y * np.sin(away))
    light *= 1 - 0.1 * (x * x + y * y) / 2
    if draw.random() < 0.5:
        away, edge = draw.uniform(0, 2 * np.pi), draw.uniform(0.2, 0.9)
        inside = 1 / (1 + np.exp(-(x * np.cos(away) + y * np.sin(away) - edge) * draw.uniform(6, 14)))
        light *= 1 - draw.uniform(0.15, 0.35) * inside
    return light


if __name__ == "__main__":
    main(Path(sys.argv[1]))
