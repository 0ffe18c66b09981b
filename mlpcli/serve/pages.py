"""The pages: each is one HTML file of the package with its style and script, and asks for nothing beside the API."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlpcli.serve.openapi import openapi
from mlpcli.serve.service import Service, json_response

FILES = {"/": "page.html", "/docs": "docs.html"}
"""By path. They hold nothing of the models, so that they are sent without a token, and ask for it."""


class Pages:
    """The page for people, the page about the API, and the document that it shows."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._pages = {path: _page(name) for path, name in FILES.items()}

    def routes(self) -> list[Route]:
        """Each page with its path."""
        pages = [Route(path, self.page, methods=["GET"]) for path in FILES]
        return [*pages, Route("/openapi.json", self.openapi, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """One of the files."""
        content, headers = self._pages[request.url.path]
        return Response(content, headers=headers, media_type="text/html")

    async def openapi(self, request: Request) -> Response:
        """The document about the API."""
        return json_response(openapi(self.service.models))


def _page(name: str) -> tuple[bytes, dict[str, str]]:
    """A page, and headers that let it run its own script and no other, and speak to this server only."""
    text = (files("mlpcli.serve") / name).read_text(encoding="utf-8")
    script, style = (_digest(text, tag) for tag in ("script", "style"))
    policy = (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; img-src data: blob:;"
        " media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
    return text.encode(), headers


def _digest(page: str, tag: str) -> str:
    """The SHA-256 of the page's one script or style, as a Content-Security-Policy names it."""
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
