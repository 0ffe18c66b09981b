"""The same work without Keras: mlpcli's NumPy engine, scikit-learn, PyTorch eager, JAX with lax.scan over the epoch."""

from __future__ import annotations

import time
import warnings
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.work import Work


def run_numpy(work: Work, optimizer: str, regularized: bool, epochs: int) -> list[float]:
    """mlpcli with `training.engine: numpy`."""
    from mlpcli.config.schema import Config
    from mlpcli.data.batches import RowBatches
    from mlpcli.data.dataset import DataFacts, Part
    from mlpcli.data.scaling import Scaling, TargetScaling
    from mlpcli.model.plan import make_plan
    from mlpcli.numpy_engine.numpy_epochs import NumpyEpochs
    from mlpcli.numpy_engine.numpy_model import NumpyModel
    from mlpcli.numpy_engine.threads import fitting_threads

    blocks: list[Any] = [{"rescaling": work.scale}]
    for units in work.hidden_units:
        regular = ["batch_normalization", {"activation": "relu"}, {"dropout": 0.2}]
        blocks += [{"dense": units}, *regular] if regularized else [{"dense": {"units": units, "activation": "relu"}}]
    chosen = {"name": "sgd", "momentum": 0.9} if optimizer == "sgd" else "adam"
    config = Config.model_validate({
        "data": {"source": "digits", "scaling": "none"}, "model": {"layers": blocks},
        "training": {"engine": "numpy", "optimizer": chosen, "batch_size": work.batch_size},
    })  # fmt: skip
    names, rows = tuple(map(str, range(work.classes))), len(work.x)
    shape = work.x.shape[1:]
    facts = DataFacts("bench", "table", shape, "classification", names, None, None, 1, rows, None, None, "")
    model = NumpyModel(make_plan(config, facts), config, Scaling("none"), TargetScaling())
    batches = RowBatches(Part(work.x, work.y, np.arange(rows)), work.y, work.batch_size, seed=0)
    trained, seconds = NumpyEpochs(model, batches, None, seed=0), []
    with fitting_threads(model.network, work.batch_size):
        for epoch in range(epochs):
            started = time.perf_counter()
            trained.epoch(epoch)
            seconds.append(time.perf_counter() - started)
    return seconds


def run_products(work: Work, epochs: int) -> list[float]:
    """What no step can do without: the products of its dense layers, forward and backward, by bare `np.dot`.

    It is the machine's peak for these shapes, and no network learns by it.
    """
    rng, size = np.random.default_rng(0), work.batch_size
    widths = (work.x.shape[1], *work.hidden_units, work.classes)
    inputs = [rng.standard_normal((size, units), np.float32) for units in widths]  # of each layer, and the outputs
    kernels = [rng.standard_normal(shape, np.float32) for shape in pairwise(widths)]
    outputs = [np.empty((size, units), np.float32) for units in widths]
    gradients = [np.empty_like(kernel) for kernel in kernels]
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        for _ in range(work.steps):
            for layer, kernel in enumerate(kernels):
                np.dot(inputs[layer], kernel, out=outputs[layer + 1])
            for layer in reversed(range(len(kernels))):
                np.dot(inputs[layer].T, inputs[layer + 1], out=gradients[layer])
                if layer:  # nobody asks for the gradient of the pixels
                    np.dot(inputs[layer + 1], kernels[layer].T, out=outputs[layer])
        seconds.append(time.perf_counter() - started)
    return seconds


def run_sklearn(work: Work, optimizer: str, epochs: int) -> list[float]:
    """MLPClassifier, one epoch at a time (it has neither BatchNorm nor Dropout)."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        work.hidden_units, solver=optimizer, batch_size=work.batch_size, alpha=0.0, max_iter=1, warm_start=True,
        learning_rate_init=0.01 if optimizer == "sgd" else 0.001, random_state=0,
    )  # fmt: skip
    x = work.x.astype(np.float32) * np.float32(work.scale)
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one epoch has not converged, which is known
            model.fit(x, work.y)
        seconds.append(time.perf_counter() - started)
    return seconds


def run_torch(work: Work, optimizer: str, regularized: bool, epochs: int) -> list[float]:
    """Eager mode, data resident, index batches of a permutation."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    widths, layers = (work.x.shape[1], *work.hidden_units), []
    for inputs, units in pairwise(widths):
        layers.append(nn.Linear(inputs, units))
        layers += [nn.BatchNorm1d(units), nn.ReLU(), nn.Dropout(0.2)] if regularized else [nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(widths[-1], work.classes))
    adam = optimizer == "adam"
    step = torch.optim.Adam(model.parameters()) if adam else torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
    loss_of = nn.CrossEntropyLoss()
    x, y = torch.from_numpy(work.x), torch.from_numpy(work.y).long()
    seconds = []
    for _ in range(epochs):
        started, order = time.perf_counter(), torch.randperm(len(x))
        total = right = 0.0
        for start in range(0, len(x), work.batch_size):
            rows = order[start : start + work.batch_size]
            batch, target = x[rows].float() * work.scale, y[rows]
            step.zero_grad()
            outputs = model(batch)
            loss = loss_of(outputs, target)
            loss.backward()
            step.step()
            total += loss.item() * len(rows)
            right += (outputs.argmax(1) == target).sum().item()
        seconds.append(time.perf_counter() - started)
    return seconds


def run_jax(work: Work, optimizer: str, regularized: bool, epochs: int) -> list[float]:
    """One jitted lax.scan over an epoch's full batches (the tail is left out); BatchNorm and Dropout written out."""
    import jax
    import jax.numpy as jnp

    rng, key = np.random.default_rng(0), jax.random.key(0)
    widths = (work.x.shape[1], *work.hidden_units, work.classes)
    params: Any = []
    for inputs, units in pairwise(widths):
        limit = np.sqrt(6 / (inputs + units))
        kernel = jnp.asarray(rng.uniform(-limit, limit, (inputs, units)), jnp.float32)
        params.append({"w": kernel, "b": jnp.zeros(units)})
        if regularized:
            params[-1] |= {"gamma": jnp.ones(units), "beta": jnp.zeros(units)}

    def network(params: Any, x: Any, key: Any) -> Any:
        for index, layer in enumerate(params):
            x = x @ layer["w"] + layer["b"]
            if index == len(params) - 1:
                return x
            if regularized:
                mean, variance = x.mean(0), x.var(0)
                x = (x - mean) / jnp.sqrt(variance + 1e-3) * layer["gamma"] + layer["beta"]
            x = jax.nn.relu(x)
            if regularized:
                keep = jax.random.bernoulli(jax.random.fold_in(key, index), 0.8, x.shape)
                x = jnp.where(keep, x / 0.8, 0)
        return x

    def loss_of(params: Any, x: Any, y: Any, key: Any) -> Any:
        outputs = network(params, x.astype(jnp.float32) * work.scale, key)
        loss = -jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None], 1).mean()
        return loss, (outputs.argmax(1) == y).mean()

    def update(state: Any, batch: Any) -> Any:
        params, first, second, count, key = state
        key, draw = jax.random.split(key)
        (loss, accuracy), grads = jax.value_and_grad(loss_of, has_aux=True)(params, *batch, draw)
        tree = jax.tree.map
        count = count + 1
        if optimizer == "adam":
            first = tree(lambda m, g: 0.9 * m + 0.1 * g, first, grads)
            second = tree(lambda v, g: 0.999 * v + 0.001 * g * g, second, grads)
            rate = 0.001 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            params = tree(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), params, first, second)
        else:
            first = tree(lambda m, g: 0.9 * m - 0.01 * g, first, grads)
            params = tree(jnp.add, params, first)
        return (params, first, second, count, key), (loss, accuracy)

    @jax.jit
    def epoch(state: Any, order: Any) -> Any:
        batches = order.reshape(-1, work.batch_size)
        return jax.lax.scan(lambda state, rows: update(state, (x[rows], y[rows])), state, batches)

    x, y = jnp.asarray(work.x), jnp.asarray(work.y)
    zeros = jax.tree.map(jnp.zeros_like, params)
    state = (params, zeros, zeros, jnp.float32(0), key)
    full = len(work.x) // work.batch_size * work.batch_size
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        state, (losses, _) = epoch(state, jnp.asarray(rng.permutation(len(work.x))[:full]))
        float(losses.mean())
        seconds.append(time.perf_counter() - started)
    return seconds
