"""The server process: its socket, its signals, and its end, before which every request is answered."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from mlpcli.errors import MlpcliError, UserError

LEAST_TOKEN = 16
"""Letters of a token."""
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
BACKLOG = 2048


def open_socket(host: str, port: int) -> socket.socket:
    """A socket that connections can come to; port 0 takes a free one.

    Raises:
        UserError: the host is none of this machine's, or the port is taken.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio sends small answers at once only on sockets that name their protocol; others wait up to 40 ms.
        opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise _unusable(host, port, error) from error
    try:
        if os.name != "nt":  # where it would let two servers take one port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise _unusable(host, port, error) from error
    opened.setblocking(False)
    return opened


def _unusable(host: str, port: int, error: OSError) -> UserError:
    reason = error.strerror or str(error)
    return UserError(f"--host {host} --port {port}: {reason}; choose another port, or 0 for any that is free")


def address_of(opened: socket.socket, host: str) -> str:
    """The address to open in a browser."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{opened.getsockname()[1]}"


def is_local(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_token(path: Path) -> str:
    """The first line of a file.

    Raises:
        UserError: it cannot be read, or is too short to be a secret.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not text"
        raise UserError(f"--token-file {path}: {reason}; write a token to a file and give its path") from error
    token = lines[0].strip() if lines else ""
    if len(token) < LEAST_TOKEN or not token.isascii() or " " in token:
        raise UserError(
            f"--token-file {path}: its first line must be {LEAST_TOKEN} letters or more, without blanks; make one with"
            " python -c 'import secrets; print(secrets.token_urlsafe())'"
        )
    return token


class _Server(uvicorn.Server):
    """Ends with exit code 0 after SIGTERM or Ctrl-C; uvicorn would raise the signal once more when it is done."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        kept = {sign: signal.signal(sign, self.handle_exit) for sign in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sign, handler in kept.items():
                signal.signal(sign, handler)


def run(app: ASGIApp, opened: socket.socket, drain_seconds: float, note: Callable[[str], None]) -> None:
    """Answer requests until SIGTERM or Ctrl-C; then no new ones come in, and those at hand are answered.

    Raises:
        MlpcliError: the server could not start.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=max(1, round(drain_seconds)),
        ws="none",
    )
    server = _Server(config)
    logging.getLogger("mlpcli.serve").addHandler(_Noted(note))
    server.run(sockets=[opened])
    if not server.started:
        raise MlpcliError("the server did not start")


class _Noted(logging.Handler):
    """Hands records, with their tracebacks, to whoever prints."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__()
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        self._note(self.format(record))
