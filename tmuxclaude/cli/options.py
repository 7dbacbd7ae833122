"""The options that every command has, and the shapes of commands. Knows click and nothing of ours
but which tmux server a name, a path or ``$TMUX`` means."""

from __future__ import annotations

import difflib
import math
import os
from dataclasses import dataclass
from typing import Any

import click

from tmuxclaude import app
from tmuxclaude.cli import layout, presence
from tmuxclaude.core.errors import UnreachableError

_SERVER = "tmuxclaude.server"
_AFTER_DASHES = "tmuxclaude.after-dashes"

in_group = click.option("--group", metavar="GROUP", help="Every session of this group.")

as_json = click.option("--json", "as_json", is_flag=True, help="Print plain data as JSON.")


def seconds(_: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """For an option: a length of time, 0 or more."""
    if value is None:
        return None
    try:
        found = float(value)
    except ValueError:
        found = -1.0
    if not 0 <= found < math.inf:
        raise click.BadParameter(
            f"{value!r} is no number of seconds; nothing was done", param=parameter
        )
    return found


@dataclass(frozen=True, slots=True)
class TmuxServer:
    """What -L and -S say; neither means tmux's own choice: ``$TMUX``, else the default server."""

    name: str | None = None
    path: str | None = None

    @property
    def socket(self) -> str:
        """The socket of the server. Raises ``UsageError`` for one that cannot be."""
        return app.resolve_socket(self.name, self.path, os.environ)

    @property
    def only(self) -> str | None:
        """The socket when one was asked for; ``None`` means the sessions of every server."""
        return self.socket if self.name is not None or self.path is not None else None

    def check_inside(self, nothing: str) -> None:
        """Raises ``UnreachableError`` when a ``$TMUX`` chooses that has outlived its server.

        ``nothing``: what was not done, as "nothing was done".
        """
        inside = self.only is None and os.environ.get("TMUX", "").partition(",")[0]
        if inside and not presence.listens(inside):
            raise UnreachableError(
                f"$TMUX names {inside}, where no tmux server answers; {nothing}. If you are "
                "not in tmux: unset TMUX; to choose another server: -L or -S"
            )


def tmux_server() -> TmuxServer:
    """The tmux server that the running command was called with."""
    found = click.get_current_context().meta.get(_SERVER)
    return found[1] if found else TmuxServer()


def after_dashes() -> tuple[str, ...]:
    """What followed ``--`` in a command of the class ``PassesOn``."""
    found: tuple[str, ...] = click.get_current_context().meta.get(_AFTER_DASHES, ())
    return found


def _remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Keeps -L or -S where ``tmux_server`` finds it; after the verb it replaces one before it."""
    if value is None:
        return
    level, earlier = context.meta.get(_SERVER, (None, None))
    if level is context and earlier is not None:
        raise click.UsageError(
            "-L and -S name the same thing; nothing was done. Give one of them", context
        )
    chosen = TmuxServer(name=value) if parameter.name == "server_name" else TmuxServer(path=value)
    context.meta[_SERVER] = (context, chosen)


def _server_options() -> list[click.Parameter]:
    shared: dict[str, Any] = {"expose_value": False, "callback": _remember}
    return [
        click.Option(
            ["-L", "server_name"], metavar="NAME", help="The tmux server by its name.", **shared
        ),
        click.Option(
            ["-S", "server_path"], metavar="PATH", help="The tmux server by its socket.", **shared
        ),
    ]


class Verb(click.Command):
    """A command of ours: it has -L and -S. ``hint``: what an unknown option may have meant."""

    def __init__(self, *args: Any, hint: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self.hint = hint
        self.params += _server_options()


class PassesOn(Verb):
    """A verb that keeps what follows ``--`` for somebody else: see ``after_dashes``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            ctx.meta[_AFTER_DASHES] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- CLAUDE ARGS]"]


class Verbs(click.Group):
    """A group of verbs; alone it shows what there is."""

    command_class = Verb
    hint = "Options stand behind the command."

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **({"invoke_without_command": True} | more))
        self.params += _server_options()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as problem:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            if not near:
                raise
            words = f"{problem.format_message()} Did you mean {near[0]}?"
            raise click.UsageError(words, problem.ctx) from problem


def help_when_alone(context: click.Context) -> None:
    """For the body of a group: prints its help when no verb was given."""
    if context.invoked_subcommand is None:
        layout.out(context.get_help())
