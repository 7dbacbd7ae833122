"""chain and set: the conversations of a session, and what its user hangs on it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import layout, named, show, verdicts
from tmuxclaude.cli.options import Verb, Verbs, as_json, help_when_alone, tmux_server
from tmuxclaude.core import labels, shown
from tmuxclaude.core.drawn import counted
from tmuxclaude.core.errors import UsageError

if TYPE_CHECKING:
    from tmuxclaude.cli.quick import Row

DONE = {"set": "is set", "reset": "is reset", "refused": "refused"}
"""What ``done`` of a verdict means, in words."""

WHY = {
    "start": "started",
    "resume": "resumed",
    "clear": "/clear",
    "fork": "forked",
    "background": "moved to the background",
}
"""Why a conversation began, in words; the others are said as they are."""


class ShowsByDefault(Verbs):
    """A group whose bare call shows a chain: what is none of its verbs is a session's name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


@click.group("chain", cls=ShowsByDefault, context_settings={"ignore_unknown_options": True})
@click.pass_context
def chain_command(context: click.Context) -> None:
    """Show the conversations of a session, and why each began.

    A bare "tmuxclaude chain NAME" is "chain show NAME".
    """
    help_when_alone(context)


@chain_command.command("show")
@click.argument("name", shell_complete=named.complete)
@as_json
def show_command(name: str, as_json: bool) -> int:
    """Show the conversations of a session, and why each began.

    When that was, what was counted and what was said last. It reads the database, and needs no
    supervisor.
    """
    paths = app.paths()
    session = named.one(paths, name, tmux_server())
    chain = show.history(paths.database, session["uid"]).chain
    if as_json:
        plain = shown.session(session)
        about = {key: plain[key] for key in ("uid", "name", "conversation", "group", "meta")}
        layout.out(layout.json_text(about | {"chain": chain}))
        return 0
    now = time.time()
    lines = [line for link in chain for line in _link(link, now)]
    layout.out("\n".join([_head(session), *(lines or ["no conversation yet"])]))
    return 0


@chain_command.command("reset")
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=named.complete)
@as_json
def reset_command(names: tuple[str, ...], as_json: bool) -> int:
    """Forget all conversations of sessions but those that they are in.

    What was counted in them and their previews go too. Claude Code's own files stay, and so does
    what runs.
    """
    return _ask(wire.ResetChain(names=_wanted(names)), as_json)


@click.command("set", cls=Verb)
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=named.complete)
@click.option("--group", metavar="GROUP", help='The group that they belong to; "" for none.')
@click.option("--meta", metavar="KEY=VALUE", multiple=True, help="Metadata; KEY= takes it away.")
@as_json
def set_command(
    names: tuple[str, ...], group: str | None, meta: tuple[str, ...], as_json: bool
) -> int:
    """Put sessions into a group, and hang metadata on them."""
    if group is None and not meta:
        raise UsageError("give --group or --meta; nothing was done")
    order = wire.Set(names=_wanted(names), group=group, meta=labels.pairs(meta))
    return _ask(order, as_json)


def _wanted(names: tuple[str, ...]) -> list[str]:
    wanted, _ = named.chosen(app.paths(), names, False, tmux_server())
    return wanted


def _ask(order: wire.Set | wire.ResetChain, as_json: bool) -> int:
    with app.connect(app.paths()) as client:
        answer = client.ask(order, wire.Verdicts)
    if as_json:
        layout.out(layout.json_text({"sessions": wire.plain(answer.sessions)}))
    else:
        layout.out(verdicts.text(answer.sessions, DONE))
    return verdicts.exit_code(answer.sessions)


def _head(session: Row) -> str:
    return layout.pairs([("session", session["name"]), *show.labels(session)])


def _link(link: Row, now: float) -> list[str]:
    """A conversation as a line, and what was said last in it."""
    why = WHY.get(link["why"], link["why"])
    line = f"{link['position']}  {layout.stamp(link['began_at'])}  {link['conversation']}  {why}"
    if link["prompts"] is None:
        return [layout.visible(f"{line}, nothing was said yet")]
    counts = f"{counted(link['prompts'], 'prompt')}, {counted(link['replies'], 'reply', 'replies')}"
    if link["compactions"]:
        counts += f", compacted {counted(link['compactions'], 'time')}"
    lines = [line, f"     {counts}, last active {layout.moment(link['active_at'], now)}"]
    said = (("you", link["last_prompt"]), ("Claude", link["last_reply"]))
    lines += [f"     {who}: {text}" for who, text in said if text]
    room = layout.room()
    shown = map(layout.visible, lines)
    return [one if room is None else layout.cut(one, room) for one in shown]
