"""Time and memory of the resident engine against rows and against parameters; draws docs/images/scaling.png.

.venv-bench/bin/python -m benchmarks.scaling
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine import RESULTS, versions
from benchmarks.work import Work

ROOT = Path(__file__).resolve().parent.parent
ROWS = (1_000, 10_000, 100_000, 1_000_000)
UNITS = (2, 16, 96, 512, 2_048)
"""Widths of two hidden layers over 64 inputs: about 200, 1,500, 16 thousand, 300 thousand and 4 million parameters."""


def main() -> None:
    """Each size in a process of its own, since memory is measured by its peak."""
    if len(sys.argv) > 1:
        print(json.dumps(_measure(int(sys.argv[1]), int(sys.argv[2]))))
        return
    found = {
        "rows": [_in_process(rows, 64) for rows in ROWS],
        "parameters": [_in_process(12_800, units) for units in UNITS],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "scaling.json").write_text(json.dumps({"versions": versions(), **found}, indent=1), encoding="utf-8")
    _draw(found)
    from benchmarks.report import write_pages

    write_pages()


def _in_process(rows: int, units: int) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "benchmarks.scaling", str(rows), str(units)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=True)
    print(done.stdout, end="", file=sys.stderr, flush=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _measure(rows: int, units: int) -> dict[str, Any]:
    from benchmarks.keras_peers import run

    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (rows, 64), np.uint8)
    work = Work("synthetic", (units, units), 128, x, rng.integers(0, 10, rows, np.int32), 10, 1 / 255, "noise")
    seconds = run("mlpcli compiled", work, "sgd", False, 4)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    parameters = 65 * units + (units + 1) * units + (units + 1) * 10
    figures = {"rows": rows, "parameters": parameters, "steps": work.steps, "peak_rss_mib": peak}
    return {**figures, "epoch_seconds": statistics.median(seconds[1:])}


def _draw(found: dict[str, list[dict[str, Any]]]) -> None:
    from benchmarks.images import save_small
    from mlpcli.plotting.style import drawing_style, import_matplotlib

    import_matplotlib()
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter

    with drawing_style(["DejaVu Sans"]):
        figure = Figure(figsize=(10, 3.6), layout="constrained")
        for axes, key in zip(figure.subplots(1, 2), ("rows", "parameters"), strict=True):
            sizes = [row[key] for row in found[key]]
            scale = [1e3 if key == "rows" else 1e6 / row["steps"] for row in found[key]]
            times = [row["epoch_seconds"] * factor for row, factor in zip(found[key], scale, strict=True)]
            axes.loglog(sizes, times, marker="o", label="measured")
            axes.loglog(sizes, [times[-1] * size / sizes[-1] for size in sizes], linestyle="--", label="in proportion")
            axes.set_xlabel(key)
            axes.set_ylabel("milliseconds per epoch" if key == "rows" else "microseconds per step")
            axes.legend(frameon=False)
            for axis in (axes.xaxis, axes.yaxis):  # the style's texts are no formulas, so no powers of ten
                axis.set_major_formatter(EngFormatter(sep=""))
        save_small(figure, ROOT / "docs" / "images" / "scaling.png")


if __name__ == "__main__":
    main()
