"""export and import: the registry to a file, and back."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.chores import carrying
from tmuxclaude.cli import layout, starting
from tmuxclaude.cli.options import Verb, as_json
from tmuxclaude.core.drawn import counted
from tmuxclaude.core.errors import UsageError


@click.command("export", cls=Verb)
@click.option("--format", "form", type=click.Choice(carrying.FORMATS), default="json")
@click.option("-o", "output", metavar="FILE", default="-", help="Where to; - is standard output.")
@click.option("--previews", is_flag=True, help="Also texts that people and Claude wrote.")
@click.option("--force", is_flag=True, help="Put it in the place of a file that is there.")
@as_json
def export_command(form: str, output: str, previews: bool, force: bool, as_json: bool) -> int:
    """Write all that is remembered to a file, without secrets.

    json and sqlite hold everything and can be imported; csv has a line for each session, markdown
    the sessions and their history.
    """
    alone = output == "-"
    if not output:
        raise UsageError("-o names no file; nothing was written")
    if alone and as_json and form != "json":
        raise UsageError("--json tells of a file; give one with -o. Nothing was written")
    if alone and form == "sqlite" and sys.stdout.isatty():
        raise UsageError("a database is nothing for a terminal; give a file with -o")
    content, count, left_out = carrying.exported(app.paths(), form, previews)
    if left_out:
        without = counted(left_out, "session")
        layout.complain(f"{without} left out, not understood; see: tmuxclaude doctor")
    if alone:
        _print(content)
        return 0
    carrying.write(Path(output), content, force)
    if as_json:
        told = {"file": str(Path(output).absolute()), "format": form, "sessions": count}
        layout.out(layout.json_text(told))
    else:
        layout.out(layout.visible(f"{counted(count, 'session')} written to {output}"))
    return 0


def _print(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise layout.OutputError(problem.strerror) from problem
    layout.flush()


@click.command("import", cls=Verb)
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def import_command(file: Path, as_json: bool) -> int:
    """Add what an export holds and is not known here.

    Sessions that are known stay as they are. Import only files that you trust: they say which
    program a session is started with.
    """
    paths = app.paths()
    answer = carrying.take_in(paths, file, lambda: starting.supervisor(paths, as_json))
    if as_json:
        layout.out(layout.json_text(layout.untagged(wire.plain(answer))))
        return 0
    layout.out(
        f"{counted(len(answer.sessions), 'session')} came in with "
        f"{counted(answer.events, 'event')} and {counted(answer.checkpoints, 'checkpoint')}; "
        f"{answer.known} known already."
    )
    if answer.held:
        names = " ".join(answer.held)
        why = "for others may watch them too"
        layout.out(f"Held, {why}; to go on: tmuxclaude release {names}")
    return 0
