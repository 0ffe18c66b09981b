"""What a model takes, in words, for whoever has given it something else."""

from __future__ import annotations

from mlpcli.data.other_rows import Layout

MOST_COLUMNS = 20


def mismatch(found: str, layout: Layout) -> str:
    """`photo.png: is a picture, and this model takes table rows with the columns a, b, c; give such rows`."""
    return f"{found}, and this model takes {taken_by(layout)}; give such inputs"


def taken_by(layout: Layout) -> str:
    """The inputs of a model with this layout."""
    arrays = f"an .npy or .npz file of the shape (rows, {', '.join(map(str, layout.input_shape))})"
    if layout.image is not None:
        height, width = layout.image.size
        return f"{layout.image.color} pictures (made {height} x {width} pixels), or {arrays}"
    names = layout.preprocessing.source_names if layout.preprocessing is not None else layout.feature_names
    if names and len(layout.input_shape) == 1:
        listed = ", ".join(names[:MOST_COLUMNS]) + (", ..." if len(names) > MOST_COLUMNS else "")
        return f"table rows with the columns {listed}"
    return arrays
