"""`make demo`: train, evaluate and plot, and say where everything lies."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from mlpcli.cli.terminal import write_result
from mlpcli.process import MLPCLI, python_command

CONFIG = "configs/digits.yaml"


def main() -> None:
    """Run the commands that a first-time user would type, in a run directory of its own."""
    if not Path(CONFIG).is_file():
        raise SystemExit(f"{CONFIG} is not here; run make demo in the root of the repository")
    run = _free_directory()
    _type("train", CONFIG, "--run-dir", str(run))
    _type("evaluate", str(run))
    _type("plot", str(run))
    digit = _one_digit(run)
    _type("predict", str(run), str(digit), "--top", "3")
    write_result("\nEverything of this run:\n")
    for path in sorted(run.iterdir()):
        write_result(f"  {path.resolve()}\n")
    write_result(
        f"\nOpen {(run / 'history.png').resolve()} first: the loss and the accuracy of every epoch.\n"
        f"The digit of the prediction is in {digit.resolve()}.\n"
        f"\nNext:\n  .venv/bin/mlpcli summary {run}\n  .venv/bin/mlpcli train {CONFIG} -s training.optimizer=adam\n"
    )


def _one_digit(run: Path) -> Path:
    """A test picture of scikit-learn's digits as a file; a network that saw it in training would prove nothing."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    row = int(np.load(run / "split.npz")["test"][0])
    pixels = load_digits().images[row]  # (8, 8), 0 to 16
    path = run / "digit.png"
    Image.fromarray((pixels * (255 / 16)).round().astype(np.uint8)).save(path)
    return path


def _free_directory() -> Path:
    number = 1
    while (path := Path("runs") / ("demo" if number == 1 else f"demo-{number}")).exists():
        number += 1
    return path


def _type(*arguments: str) -> None:
    """Show a command as one would type it, and run it."""
    write_result(f"\n$ mlpcli {shlex.join(arguments)}\n")
    done = subprocess.run([*python_command(MLPCLI), *arguments], check=False)
    if done.returncode != 0:
        raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
