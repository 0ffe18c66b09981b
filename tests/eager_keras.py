"""Stock Keras without graphs, for tests that compare with it: the same numbers in a fraction of the time.

It knows nothing of mlpcli.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def eagerly(*models: Any) -> Iterator[None]:
    """A context in which these models, or all, are trained and asked step by step: a graph for a few takes a second.

    Keras on TensorFlow has its batches from a tf.data.Dataset, which is traced in eager mode, too. That takes a
    twentieth of a second for each fit and for each evaluation, more than their few steps. Here they come as NumPy
    arrays from Keras's own iterator, as its other backends have them.
    """
    import tensorflow as tf
    from keras.src.backend.tensorflow import trainer
    from keras.src.trainers.epoch_iterator import EpochIterator

    class Plain(trainer.TFEpochIterator):  # type: ignore[misc, valid-type]
        def __init__(self, distribute_strategy: Any = None, *arguments: Any, **named: Any) -> None:
            EpochIterator.__init__(self, *arguments, **named)

        def _get_iterator(self) -> Any:
            return EpochIterator._get_iterator(self)

    for model in models:
        model.run_eagerly = True
    tf.config.run_functions_eagerly(not models)
    stock, trainer.TFEpochIterator = trainer.TFEpochIterator, Plain
    try:
        yield
    finally:
        trainer.TFEpochIterator = stock
        tf.config.run_functions_eagerly(False)
