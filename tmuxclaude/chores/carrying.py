"""Carries the registry out to a file, and an export in.

Knows the formats, and that a file with our data is private and takes no other's place unasked. Only
the supervisor writes the database: an export that is to come in is checked here, and left for it
in the state directory.
"""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
import sqlite3
import stat
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from tmuxclaude.api import wire
from tmuxclaude.api.client import Client
from tmuxclaude.core import errors, past
from tmuxclaude.edges.paths import Paths, private_file
from tmuxclaude.store import exporting, importing, reader
from tmuxclaude.supervisor.leftovers import IMPORT

FORMATS = ("json", "csv", "markdown", "sqlite")

IMPORT_PATIENCE = 300.0
"""Seconds that the supervisor may take for a large file."""

SHEET = (
    "name",
    "state",
    "directory",
    "account",
    "created_at",
    "since",
    "reason",
    "conversation",
    "conversations",
    "prompts",
    "halts",
    "resumed_by_tmuxclaude",
    "resumed_by_claude",
    "resumed_by_you",
)
"""The columns of the table of sessions (csv, markdown)."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet would work out."""

Row = dict[str, Any]


class Exported(NamedTuple):
    """``sessions``: how many it has. ``left_out``: how many are not understood, and not in it."""

    content: bytes
    sessions: int
    left_out: int


def exported(where: Paths, form: str, previews: bool) -> Exported:
    """The registry in this form. Raises ``NotFoundError`` when there is none yet."""
    connection = reader.open(where.database)
    if connection is None:
        raise errors.NotFoundError("there is no database yet; nothing was written")
    with closing(connection):
        left_out = len(exporting.not_understood(connection)["sessions"])
        count = sum(reader.counts(connection).values()) - left_out
        if form == "sqlite":
            return Exported(_database(connection, previews), count, left_out)
        connection.execute("BEGIN")  # all tables as of one moment
        tables = exporting.export(connection, previews)
    if form == "json":
        text = json.dumps(exporting.document(tables, time.time()), indent=1) + "\n"
    else:
        text = _csv(tables) if form == "csv" else _markdown(tables)
    return Exported(text.encode("utf-8", "replace"), count, left_out)


def _database(connection: sqlite3.Connection, previews: bool) -> bytes:
    with tempfile.TemporaryDirectory(prefix="tc-") as folder:
        copy = Path(folder) / "export.db"
        os.close(private_file(copy))
        exporting.write_sqlite(connection, copy, previews)
        return copy.read_bytes()


def write(path: Path, content: bytes, force: bool) -> None:
    """Makes a private file. ``force``: in the place of one that is there.

    Raises ``RefusedError`` when there is one, or something that is no file; and ``UsageError`` when
    it cannot be made.
    """
    path = path.absolute()
    _refuse_what_is_no_file(path)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}") if force else path
    try:
        opened = private_file(fresh, os.O_WRONLY | os.O_EXCL)
    except FileExistsError as error:
        raise errors.RefusedError(
            f"{path} is there already; nothing was written. To put this in its place: --force"
        ) from error
    except OSError as error:
        raise errors.UsageError(f"{path} cannot be made: {error.strerror}") from error
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise errors.UsageError(
            f"{path} cannot be written: {error.strerror}. Nothing was left of it"
        ) from error


def _refuse_what_is_no_file(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise errors.UsageError(f"{path} cannot be made: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        raise errors.UsageError(f"{path} is a directory; nothing was written")
    if stat.S_ISLNK(mode):
        raise errors.RefusedError(f"{path} is a link to {path.readlink()}; nothing was written")
    if not stat.S_ISREG(mode):
        raise errors.RefusedError(f"{path} is no regular file; nothing was written")


def take_in(where: Paths, path: Path, connect: Callable[[], Client]) -> wire.Imported:
    """Has the supervisor, to whom ``connect`` leads, add what ``path`` brings.

    Raises ``RefusedError`` when the file is no export; nothing is changed then.
    """
    document = exporting.document(importing.load(path), time.time())
    with connect() as client:
        token = secrets.token_hex(16)
        left = where.state_dir / f"{IMPORT}{token}"
        try:
            with os.fdopen(private_file(left, os.O_WRONLY | os.O_EXCL), "w") as file:
                json.dump(document, file)
            return client.ask(wire.Import(token=token), wire.Imported, IMPORT_PATIENCE)
        finally:
            left.unlink(missing_ok=True)


# -- tables for people -----------------------------------------------------------------------------


def _sheet(tables: exporting.Tables) -> Iterator[Row]:
    """One row of ``SHEET`` for each session."""
    links, halts = (Counter(row["session"] for row in tables[name]) for name in ("chain", "halts"))
    prompts: Counter[str] = Counter()
    for row in tables["activity"]:
        prompts[row["session"]] += row["prompts"]
    resumed = Counter((row["session"], row["ended_by"]) for row in tables["halts"])
    for row in tables["sessions"]:
        uid = row["uid"]
        counted = {"conversations": links[uid], "prompts": prompts[uid], "halts": halts[uid]}
        for actor in ("tmuxclaude", "claude", "you"):
            counted[f"resumed_by_{actor}"] = resumed[uid, actor]
        shown = row | counted
        yield {column: "" if shown[column] is None else shown[column] for column in SHEET}


def _csv(tables: exporting.Tables) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, SHEET, lineterminator="\n")
    writer.writeheader()
    for row in _sheet(tables):
        writer.writerow({column: _inert(value) for column, value in row.items()})
    return text.getvalue()


def _inert(value: object) -> object:
    dangerous = isinstance(value, str) and value.startswith(_FORMULA)
    return f"'{value}" if dangerous else value


def _markdown(tables: exporting.Tables) -> str:
    columns = [column for column in SHEET if column not in ("account", "conversation")]
    lines = ["# Sessions", "", _line(columns), _line(["---"] * len(columns))]
    for row in _sheet(tables):
        times = {name: _stamp(row[name]) for name in ("created_at", "since")}
        lines.append(_line([str((row | times)[column]) for column in columns]))
    lines += ["", "# History", ""]
    lines += [_line(["when", "session", "what", "by", "why"]), _line(["---"] * 5)]
    for entry in _history(tables):
        stamp, by = _stamp(entry.at), entry.by
        lines.append(_line([stamp, entry.name, entry.what, by, entry.text]))
    return "\n".join(lines) + "\n"


def _history(tables: exporting.Tables) -> list[past.Entry]:
    names = {row["uid"]: row["name"] for row in tables["sessions"]}
    kinds = {*past.KINDS, "state"}
    named = [row | {"name": names.get(row["session"], "")} for row in tables["events"]]
    halts = [row | {"name": names[row["session"]]} for row in tables["halts"]]
    return past.history((row for row in named if row["kind"] in kinds), halts)


def _stamp(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def _line(cells: list[str]) -> str:
    plain = (" ".join(cell.split()).replace("\\", "\\\\").replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(plain)} |"
