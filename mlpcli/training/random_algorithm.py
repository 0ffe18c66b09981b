"""Random numbers inside compiled graphs, by a generator that is fast there.

Keras draws dropout masks and noise with TensorFlow's "auto_select", which XLA on a CPU turns into a loop of its own:
about 1 ms a draw. Threefry, named outright, is additions and rotations that XLA vectorizes: microseconds. Philox would
give the very masks of uncompiled Keras and takes twice as long as Threefry.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlpcli import backend

ALGORITHM = "threefry"


@contextmanager
def fast_random_numbers(active: bool) -> Iterator[None]:
    """While it is active, graphs that are traced on a CPU name the algorithm; on a GPU auto_select is right already."""
    tf = backend.tensorflow()
    if not active or "GPU" in backend.devices():
        yield
        return
    patches: list[tuple[Any, str, str]] = [
        (tf.random, "stateless_uniform", "alg"),
        (tf.random, "stateless_normal", "alg"),
        (tf.random, "stateless_truncated_normal", "alg"),
        (tf.nn.experimental, "stateless_dropout", "rng_alg"),
    ]
    originals = [(module, name, getattr(module, name)) for module, name, _ in patches]
    try:
        for module, name, argument in patches:
            setattr(module, name, functools.partial(getattr(module, name), **{argument: ALGORITHM}))
        yield
    finally:
        for module, name, original in originals:
            setattr(module, name, original)
