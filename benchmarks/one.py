"""One peer, one work, in a process of its own: prints a JSON line per configuration."""

from __future__ import annotations

import json
import resource
import sys

from benchmarks import work as works

PRODUCTS = "matrix products alone"
CONFIGURATIONS = (("sgd", False), ("adam", False), ("sgd", True), ("adam", True))


def main() -> None:
    """`python -m benchmarks.one PEER WORK EPOCHS [OPTIMIZER plain|regularized]`."""
    peer, name, epochs, *only = sys.argv[1:]
    work = works.load(name)
    chosen = [(only[0], only[1] == "regularized")] if only else list(CONFIGURATIONS)
    for optimizer, regularized in chosen:
        if peer == "scikit-learn" and regularized:
            continue
        if peer == PRODUCTS and (optimizer, regularized) != CONFIGURATIONS[0]:
            continue
        seconds = _run(peer, work, optimizer, regularized, int(epochs))
        row = {
            "peer": peer, "work": name, "optimizer": optimizer, "regularized": regularized, "epochs": int(epochs),
            "seconds": seconds, "total": sum(seconds), "steps": work.steps, "rows": len(work.x),
            "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "data": work.source,
        }  # fmt: skip
        print(json.dumps(row), flush=True)


def _run(peer: str, work: works.Work, optimizer: str, regularized: bool, epochs: int) -> list[float]:
    if peer == PRODUCTS:
        from benchmarks.other_peers import run_products

        return run_products(work, epochs)
    if peer == "mlpcli numpy":
        from benchmarks.other_peers import run_numpy

        return run_numpy(work, optimizer, regularized, epochs)
    if peer == "scikit-learn":
        from benchmarks.other_peers import run_sklearn

        return run_sklearn(work, optimizer, epochs)
    if peer == "PyTorch eager":
        from benchmarks.other_peers import run_torch

        return run_torch(work, optimizer, regularized, epochs)
    if peer == "JAX lax.scan":
        from benchmarks.other_peers import run_jax

        return run_jax(work, optimizer, regularized, epochs)
    from benchmarks.keras_peers import run

    return run(peer, work, optimizer, regularized, epochs)


if __name__ == "__main__":
    main()
