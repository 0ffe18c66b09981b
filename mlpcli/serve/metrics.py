"""Counts of what was asked and how long it took, in the text format that Prometheus reads."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping

from mlpcli.serve.models import Models

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: upper ends of the histogram's buckets."""


class Metrics:
    """Requests by endpoint and status, their seconds, and the rows that each model was asked about."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._rows: Counter[str] = Counter()
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0
        self.in_progress = 0

    def add_request(self, endpoint: str, status: int, seconds: float) -> None:
        """Count an answered request; `endpoint` is the path of the API, without names in it."""
        with self._lock:
            self._requests[endpoint, status] += 1
            self._buckets[bisect_left(BOUNDS, seconds)] += 1
            self._seconds += seconds

    def add_rows(self, model: str, rows: int) -> None:
        """Count predicted rows."""
        with self._lock:
            self._rows[model] += rows

    def text(self, models: Models) -> str:
        """All numbers, in version 0.0.4 of Prometheus's text format."""
        with self._lock:
            return "".join(f"{line}\n" for line in self._lines(models))

    def _lines(self, models: Models) -> Iterator[str]:
        yield from _head("mlpcli_requests_total", "counter", "Requests by endpoint and status.")
        for (endpoint, status), count in sorted(self._requests.items()):
            yield _sample("mlpcli_requests_total", {"endpoint": endpoint, "status": str(status)}, count)
        yield from _head("mlpcli_request_seconds", "histogram", "Seconds from a request to the end of its answer.")
        below = 0
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], self._buckets, strict=True):
            below += count
            yield _sample("mlpcli_request_seconds_bucket", {"le": bound}, below)
        yield _sample("mlpcli_request_seconds_sum", {}, self._seconds)
        yield _sample("mlpcli_request_seconds_count", {}, below)
        yield from _head("mlpcli_requests_in_progress", "gauge", "Requests that are being answered.")
        yield _sample("mlpcli_requests_in_progress", {}, self.in_progress)
        yield from _head("mlpcli_rows_total", "counter", "Rows predicted, by model.")
        for model in models:
            yield _sample("mlpcli_rows_total", {"model": model.name}, self._rows[model.name])
        yield from _head("mlpcli_model_version", "gauge", "1, plus 1 for each time the model was reloaded.")
        for model in models:
            yield _sample("mlpcli_model_version", {"model": model.name}, model.version)


def _head(name: str, kind: str, words: str) -> tuple[str, str]:
    return f"# HELP {name} {words}", f"# TYPE {name} {kind}"


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    written = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{written}}} {value}" if written else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
