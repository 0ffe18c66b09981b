"""Draws the pictures of the spirals in docs/data.md: `PYTHONPATH=. python docs/draw_boundary.py`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

import mlpcli
from mlpcli.workflows.animate import animate

IMAGES = Path(__file__).resolve().parent / "images"


def main() -> None:
    """Train the recipe, and write a still picture and the animation."""
    with TemporaryDirectory() as folder:
        run = mlpcli.train("tables/spirals", ["training.engine=numpy"], run_dir=Path(folder) / "spirals").run
        with Image.open(run / "decision_boundary.png") as picture:
            picture.convert("RGB").quantize(128).save(IMAGES / "spirals-boundary.png", optimize=True)
        animate([run], IMAGES / "spirals-boundary.gif")


if __name__ == "__main__":
    main()
