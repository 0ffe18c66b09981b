"""The ASGI application: all endpoints, and before them who may ask and how many at a time."""

from __future__ import annotations

import hmac
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import anyio
import anyio.to_thread
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlpcli.errors import MlpcliError, OutputError
from mlpcli.serve.api import Api
from mlpcli.serve.invocations import Invocations
from mlpcli.serve.kserve_v1 import KserveV1
from mlpcli.serve.limits import RequestError, busy
from mlpcli.serve.open_inference import OpenInference
from mlpcli.serve.pages import FILES, Pages
from mlpcli.serve.service import Service, error_response

LOG = logging.getLogger("mlpcli.serve")
SECONDS_BETWEEN_LOOKS = 1.0
OPEN_PATHS = ("/health", "/ping", "/v2/health/live", "/v2/health/ready")
"""What is answered without a token, beside the pages."""
_UNNAMED = "other"


def make_app(service: Service, watch: bool = False, note: Callable[[str], None] = LOG.warning) -> ASGIApp:
    """The application. watch: whether changed model files are loaded again; `note` hears of that."""
    routes = [*Api(service).routes(), *KserveV1(service).routes(), *OpenInference(service).routes()]
    routes += [*Invocations(service).routes(), *Pages(service).routes()]

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            if watch:
                tasks.start_soon(_watch, service, note)
            yield
            tasks.cancel_scope.cancel()

    router = Router(routes, redirect_slashes=False, lifespan=lifespan)
    return Guard(router, service)


async def _watch(service: Service, note: Callable[[str], None]) -> None:
    while True:
        await anyio.sleep(SECONDS_BETWEEN_LOOKS)
        await anyio.to_thread.run_sync(service.models.refresh, note)


class Guard:
    """Lets a request through to the router where its sender may ask, and turns every error into JSON."""

    def __init__(self, router: Router, service: Service) -> None:
        self._router, self._service = router, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        begun, status = perf_counter(), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        metrics = self._service.metrics
        metrics.in_progress += 1
        try:
            await self._answer(scope, receive, sent, lambda: status > 0)
        finally:
            metrics.in_progress -= 1
            endpoint = getattr(scope.get("route"), "path", _UNNAMED)
            metrics.add_request(endpoint, status or 499, perf_counter() - begun)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, begun: Callable[[], bool]) -> None:
        try:
            self._check(scope)
            scope["app"] = self  # makes the router raise what it does not find
            await self._router(scope, receive, send)
        except Exception as error:
            if begun():
                raise
            await error_response(_as_request_error(error))(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        """Refuse requests that come by another name, from another page, without the token, or too many at once."""
        headers, service = Headers(scope=scope), self._service
        host = headers.get("host", "")
        if service.hosts is not None and _name_of(host) not in service.hosts:
            raise RequestError(
                403, f"the host {host[:80]!r} is not allowed; use one of {', '.join(sorted(service.hosts))}"
            )
        if scope["method"] not in ("POST", "DELETE", "PUT", "PATCH"):
            if service.token is not None and scope["path"] not in (*OPEN_PATHS, *FILES):
                self._check_token(headers)
            return
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            raise RequestError(403, "this request comes from a page at another address, which may not use this server")
        if service.token is not None:
            self._check_token(headers)
        if service.metrics.in_progress > service.limits.requests:
            raise busy(service.limits)

    def _check_token(self, headers: Headers) -> None:
        kind, _, sent = headers.get("authorization", "").partition(" ")
        known = (self._service.token or "").encode()
        if kind.lower() != "bearer" or not hmac.compare_digest(sent.strip().encode("utf-8", "replace"), known):
            raise RequestError(
                401,
                "give the token of --token-file as the header Authorization: Bearer TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )


def _name_of(host: str) -> str:
    """A Host header without its port.

    >>> _name_of("[::1]:8000"), _name_of("Localhost:8000")
    ('[::1]', 'localhost')
    """
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name.lower()


def _as_request_error(error: Exception) -> RequestError:
    """What is sent for an exception."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, HTTPException):  # the router's
        words = {404: "there is no such path; see /docs", 405: "this path does not allow that method; see /docs"}
        return RequestError(error.status_code, words.get(error.status_code, error.detail), error.headers or {})
    if isinstance(error, OutputError):
        return RequestError(507, str(error))
    if isinstance(error, MlpcliError):
        return RequestError(422, str(error))
    if isinstance(error, UnicodeEncodeError):
        return RequestError(422, "a text holds half of a surrogate pair, which is not a character; correct it")
    if isinstance(error, MemoryError):
        return RequestError(503, "there is not enough memory for the answer; send less at a time")
    LOG.error("a request failed", exc_info=error)
    return RequestError(500, "a fault in mlpcli; the server's log has its traceback")
