"""What all endpoints share: the models, the limits, and how a prediction is run while other requests are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.to_thread
from starlette.responses import Response

from mlpcli.files import strict
from mlpcli.numpy_engine.numpy_predictor import NumpyPredictor
from mlpcli.serve.answering import Answered
from mlpcli.serve.feedback import FeedbackFile
from mlpcli.serve.limits import Limits, RequestError, too_slow
from mlpcli.serve.metrics import Metrics
from mlpcli.serve.models import Models, ServedModel

QUICK_VALUES = 5_000
"""Numbers or cells that are answered at once; handing them to a thread would take as long."""


@dataclass(frozen=True, eq=False)
class Service:
    """token: which every request for a prediction must bring; None for none. hosts: names by which the server is
    asked, lower case; None where any will do."""

    models: Models
    limits: Limits = field(default_factory=Limits)
    feedback: FeedbackFile | None = None
    token: str | None = None
    hosts: frozenset[str] | None = None
    metrics: Metrics = field(default_factory=Metrics)

    def model(self, name: str | None) -> ServedModel:
        """The model of this name, or the first one.

        Raises:
            RequestError: there is none of that name.
        """
        if name is None:
            return self.models.first
        found = self.models.find(name)
        if found is None:
            raise RequestError(404, self.models.unknown(name))
        return found

    async def answer(self, model: ServedModel, work: Callable[[], Answered], values: int | None = None) -> Answered:
        """What `work` gives, which runs in a thread unless it is about few `values`; None: how many is not known.

        Raises:
            RequestError: it takes too long. The thread goes on to its end, and what it found is thrown away.
        """
        if values is not None and values <= QUICK_VALUES and isinstance(model.network, NumpyPredictor):
            answered = work()
        else:
            try:
                with anyio.fail_after(self.limits.seconds):
                    answered = await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
            except TimeoutError as error:
                raise too_slow(self.limits) from error
        self.metrics.add_rows(model.name, answered.rows)
        return answered


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response of strict JSON; letters of any script stay readable."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:  # NaN and infinity become null
        text = json.dumps(strict(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, headers, media_type="application/json")


def error_response(error: RequestError) -> Response:
    """What is sent instead of an answer."""
    return json_response({"error": error.message}, error.status, error.headers)
