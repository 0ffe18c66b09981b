"""The command `mlpcli serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlpcli.cli.options import PATH, RUN_PATH, Command, engine_option, stock_options, told_of
from mlpcli.cli.terminal import say

if TYPE_CHECKING:
    from mlpcli.scoring.predictor import EngineName


@click.command(cls=Command)
@click.argument("models", metavar="RUN_OR_MODEL...", nargs=-1, required=True, type=RUN_PATH)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 picks a free port.")
@click.option("--token-file", type=PATH, help="A file with a token that every request must send.")
@click.option("--feedback", type=PATH, metavar="FILE", help="A CSV for corrections from the page.")
@click.option("--watch", is_flag=True, help="Reload a model when its file changes, as during training.")
@click.option("--max-mib", type=click.IntRange(min=1), default=16, show_default=True, help="Per request.")
@click.option("--max-rows", type=click.IntRange(min=1), default=10_000, show_default=True, help="Per request.")
@click.option("--max-megapixels", type=click.IntRange(1, 100), default=50, show_default=True, help="Per picture.")
@click.option(
    "--max-seconds", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True,
    help="To receive a request, and again to answer it.",
)  # fmt: skip
@click.option(
    "--max-requests", type=click.IntRange(min=1), default=64, show_default=True, help="Answered at the same time."
)
@engine_option()
@stock_options()
def serve(
    models: tuple[Path, ...],
    host: str,
    port: int,
    token_file: Path | None,
    feedback: Path | None,
    watch: bool,
    max_mib: int,
    max_rows: int,
    max_megapixels: int,
    max_seconds: float,
    max_requests: int,
    engine: EngineName,
    classes: str | None,
    divide_by: float | None,
    input_columns: str | None,
    target: str | None,
) -> None:
    """Serve models: a page to try them, and an API for programs.

    The page takes pictures (a file, a photo, a drawing) or rows of a table, and shows the prediction at once. The
    API is described at /docs; clients of KServe, Triton, TensorFlow Serving and MLflow can use it, too. Ctrl-C ends
    it.

    \b
    $ mlpcli serve runs/mnist
    $ mlpcli serve runs/mnist runs/titanic --port 9000
    $ mlpcli serve runs/titanic --feedback corrections.csv --watch
    $ mlpcli serve runs/mnist --host 0.0.0.0 --token-file token.txt
    """
    from mlpcli.errors import UserError

    try:
        import python_multipart  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UserError("serve needs Starlette and uvicorn; pip install 'mlpcli[serve]'") from error

    from mlpcli.serve import server
    from mlpcli.serve.app import make_app
    from mlpcli.serve.feedback import FeedbackFile
    from mlpcli.serve.limits import Limits
    from mlpcli.serve.models import Models
    from mlpcli.serve.service import Service

    limits = Limits(max_mib, max_rows, max_megapixels, max_seconds, max_requests)
    token = server.read_token(token_file) if token_file is not None else None
    known = Models(models, engine, told_of(classes, divide_by, input_columns, target))
    kept = FeedbackFile(feedback) if feedback is not None else None
    local = server.is_local(host)
    if not local and token is None:
        say(f"warning: anyone who can reach {host} can use this server; --token-file admits only those with the token")
    service = Service(known, limits, kept, token, server.LOCAL_NAMES | {host.lower()} if local else None)
    with server.open_socket(host, port) as opened:
        for model in known:
            say(f"{model.name}: {model.saved.path}")
        say(f"serving at {server.address_of(opened, host)} (the API: /docs); Ctrl-C ends it")
        server.run(make_app(service, watch, say), opened, max_seconds, lambda text: say(text, lines=True))
    say("ended; every request was answered")
