"""A program for the tests of `mlpcli eject`: runs scripts with Keras alone, then what they were made from with mlpcli.

Takes a list of [script, config, overrides] as JSON from standard input; writes stock.json and mlpcli.json, with the
history of every script. One process does both, so that TensorFlow is imported once and computes in one thread.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

from tests.eager_keras import eagerly

History = dict[str, list[float]]


class NoMlpcli:
    """A finder of modules that refuses mlpcli."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] == "mlpcli":
            raise ImportError(name)


def run_script(script: str) -> History:
    """The history of a script that is run as `python SCRIPT` would."""
    names = runpy.run_path(script, run_name="__main__")
    if "plt" in names:
        names["plt"].close("all")
    history: History = names["history"].history
    return history


def train(config: str, overrides: list[str]) -> History:
    """What `mlpcli train` writes to history.csv with `training.engine: keras`."""
    from mlpcli.keras_engine.keras_epochs import KerasEngine
    from mlpcli.training.loop import fit_model
    from mlpcli.training.progress import Silence
    from mlpcli.workflows.prepare import prepare, read_config

    loaded = read_config(Path(config), [*overrides, "training.engine=keras"])
    Path("history.csv").unlink(missing_ok=True)
    outcome = fit_model(KerasEngine(loaded.config, prepare(loaded)), Path(), Silence(), [], compiled=False)
    assert outcome.failure is None, outcome.failure
    return {name: list(values) for name, values in outcome.history.items()}


def in_the_cache(fname: str, **_: Any) -> str:
    """In the place of Keras's get_file, which would find out that a stand-in has not the digest of the real file."""
    return os.path.join(os.environ["KERAS_HOME"], "datasets", fname)


def main() -> None:
    jobs = json.load(sys.stdin)
    refusal = NoMlpcli()
    sys.meta_path.insert(0, refusal)
    import matplotlib

    matplotlib.use("Agg")
    import tensorflow as tf
    from keras.src.datasets import cifar10, mnist

    mnist.get_file = cifar10.get_file = in_the_cache
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    gc.freeze()
    first, *others = [script for script, _, _ in jobs]
    stock = {first: run_script(first)}  # as for a reader, in graphs
    with eagerly():
        stock |= {script: run_script(script) for script in others}
        Path("stock.json").write_text(json.dumps(stock, default=float), encoding="utf-8")
        sys.meta_path.remove(refusal)
        own = {script: train(config, overrides) for script, config, overrides in jobs}
    Path("mlpcli.json").write_text(json.dumps(own, default=float), encoding="utf-8")
    os._exit(0)  # TensorFlow would take a second to end


if __name__ == "__main__":
    main()
