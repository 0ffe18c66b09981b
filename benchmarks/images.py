"""Pictures for the pages: PNG of few colours, a third of the size and the same to the eye.

python -m benchmarks.images FILE...  makes existing ones small
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from mlpcli.files import replace_file
from mlpcli.plotting.style import DOTS_PER_INCH, png_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = 96


def save_small(figure: Figure, path: Path, dots_per_inch: int = DOTS_PER_INCH) -> None:
    """Write the figure as a PNG with a palette."""
    path.parent.mkdir(parents=True, exist_ok=True)
    small = made_small(png_of(figure, dots_per_inch)[0])
    replace_file(path, lambda temporary: _write(temporary, small))


def made_small(png: bytes) -> bytes:
    """The same picture with a palette; one that has it already stays as it is."""
    image = Image.open(io.BytesIO(png))
    if image.mode == "P":
        return png
    content = io.BytesIO()
    image.convert("RGB").quantize(COLOURS).save(content, "PNG", optimize=True)
    return content.getvalue()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_bytes(made_small(Path(name).read_bytes()))
