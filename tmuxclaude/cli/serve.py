"""serve: the door on HTTP, in a process of its own."""

from __future__ import annotations

import os
from importlib import import_module

import click

from tmuxclaude import app
from tmuxclaude.cli import layout
from tmuxclaude.cli.options import Verb, as_json
from tmuxclaude.core.errors import NotFoundError

NEEDED = ("starlette", "uvicorn")
"""What the extra `web` installs."""


@click.command("serve", cls=Verb)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="The port of 127.0.0.1; a free one unless said otherwise.",
)
@as_json
def serve_command(port: int, as_json: bool) -> int:
    """Answer other programs over HTTP, until Ctrl-C."""
    _check_extra()
    from tmuxclaude.web.serving import serve

    paths = app.own_paths()  # where programs look for the token

    def told(url: str) -> None:
        if as_json:
            told = {"url": url, "file": str(paths.http), "pid": os.getpid()}
            layout.out(layout.json_text({"serve": told}))
        else:
            file = layout.visible(layout.short(str(paths.http)))
            layout.out(f"Serving at {url} until Ctrl-C. The token is in {file}")
        layout.flush()

    serve(paths, port, told)
    return 0


def _check_extra() -> None:
    for name in NEEDED:
        try:
            import_module(name)
        except ModuleNotFoundError as problem:
            raise NotFoundError(
                f"serve needs {problem.name}, which is not installed; nothing was started. "
                "Install tmuxclaude with its extra `web`, as in: pipx install --force '.[web]'"
            ) from problem
