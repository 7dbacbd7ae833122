"""``docs/internals/database.md`` says what the database is, column by column."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tmuxclaude.store.reader import LIMIT_COLUMNS, SESSION_COLUMNS

from .processes import ROOT

PAGE = ROOT / "docs/internals/database.md"

LIBRARYS_OWN = {"_sqlite_migrations", "sqlite_sequence"}
"""Where sqlite-utils writes down which migrations were applied, and SQLite the last event's id."""

Columns = list[tuple[str, str]]


def real(path: Path) -> dict[str, Columns]:
    """Every table and view with the names and types of its columns."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type <> 'index'")
        return {
            name: [
                (column, type_)
                for _, column, type_, *_ in connection.execute(f"PRAGMA table_info({name})")
            ]
            for (name,) in found.fetchall()
            if name not in LIBRARYS_OWN
        }


def documented() -> dict[str, Columns]:
    """The same, as the page tells it."""
    _, *sections = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    row = re.compile(r"^\| (\w+) \| ([A-Z]+) \|", re.MULTILINE)
    return {section.split("\n", 1)[0]: row.findall(section) for section in sections}


def test_every_column_of_every_table_is_documented(path: Path) -> None:
    page, schema = documented(), real(path)
    page.pop("session_list")
    schema.pop("session_list")
    assert page == schema


def test_the_view_is_what_is_read_and_documented(path: Path) -> None:
    view = [name for name, _ in real(path)["session_list"]]
    assert tuple(view) == SESSION_COLUMNS
    section = PAGE.read_text().partition("## session_list")[2]
    told = re.findall(r"^\| ([\w, ]+) \|", section, re.MULTILINE)[1:]
    assert {name for names in told for name in names.split(", ")} == set(view)


def test_the_limits_are_read_in_the_order_of_the_table(path: Path) -> None:
    assert tuple(name for name, _ in real(path)["limits"]) == LIMIT_COLUMNS
