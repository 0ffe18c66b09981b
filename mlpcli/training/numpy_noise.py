"""What Dropout and its relatives draw in training with NumPy: a pure function of (seed, epoch, step, layer)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.noise import NoiseLayer

NOISE_STREAM = 862_048_907
"""Keeps these draws apart from others of the same seed."""


class NoiseDraws:
    """Puts the generator of every noisy layer where its draws for a step begin.

    Philox computes its n-th number from a key and a counter: the key is that of (seed, epoch, layer), and the step is
    in the upper half of the counter, so that no two steps share a number.
    """

    def __init__(self, network: Network, seed: int) -> None:
        self.seed = seed
        self.layers = [layer for layer in network.layers if isinstance(layer, NoiseLayer) and layer.strength > 0]
        self._generators: list[Any] = [np.random.Philox(0) for _ in self.layers]
        self._states = [generator.state for generator in self._generators]
        for layer, generator in zip(self.layers, self._generators, strict=True):
            layer.draws = np.random.Generator(generator)

    def set_epoch(self, epoch: int) -> None:
        """For an epoch, counted from 0."""
        for number, state in enumerate(self._states):
            seeds = np.random.SeedSequence([NOISE_STREAM, self.seed, epoch, number])
            state["state"]["key"][:] = seeds.generate_state(2, np.uint64)

    def set_step(self, step: int) -> None:
        """For a step of that epoch, counted from 0."""
        for generator, state in zip(self._generators, self._states, strict=True):
            state["state"]["counter"][:] = (0, 0, step, 0)
            state["buffer_pos"], state["has_uint32"] = len(state["buffer"]), 0
            generator.state = state
