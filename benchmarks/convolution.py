"""Convolutions, compiled by XLA and not: `python -m benchmarks.convolution DATA`, a folder as MLPCLI_DATA takes it.

The recipe mnist/convolutional_adam on 2,000 rows, three epochs; the first, which compiles, is left out.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.engine import RESULTS, versions

CONFIG = Path(__file__).resolve().parent.parent / "configs" / "mnist" / "convolutional_adam.yaml"
ROWS, EPOCHS, ROUNDS = 2000, 3, 2
ENGINES = {"uncompiled (auto)": "auto", "compiled (resident)": "resident", "model.fit (keras)": "keras"}


def main(data: Path) -> None:
    """Engine by engine, round by round; stores the seconds of every epoch after the first."""
    os.environ["MLPCLI_DATA"] = str(data.resolve())
    seconds: dict[str, list[float]] = {name: [] for name in ENGINES}
    for _ in range(ROUNDS):
        for name, engine in ENGINES.items():
            seconds[name] += _epochs(engine)
            print(f"{name}: {statistics.median(seconds[name]):.2f} s an epoch", file=sys.stderr, flush=True)
    content = {"versions": versions(), "rows": ROWS, "seconds": seconds}
    (RESULTS / "convolution.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    from benchmarks.report import write_pages

    write_pages()


def _epochs(engine: str) -> list[float]:
    import mlpcli
    from mlpcli.runs.history import read_history

    changes = [f"data.limit={ROWS}", f"training.epochs={EPOCHS}", f"training.engine={engine}", "output.plots=[]"]
    with tempfile.TemporaryDirectory() as folder:
        done = mlpcli.train(CONFIG, changes, folder)
        return read_history(done.run / "history.csv")["seconds"][1:]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
