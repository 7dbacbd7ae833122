"""Closing a dialog in a real pane: its words are looked for on one row; a refusal costs no try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.conftest import PrivateServer
from tests.edges.playing import Box, open_box
from tests.store.values import SESSION
from tests.waiting import until
from tmuxclaude.claude.screen import read
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Attempt, Dialog
from tmuxclaude.core.resume import MAX_ESCAPES, Deed, Move
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.store.migrations import bring_up_to_date
from tmuxclaude.supervisor.act import MARKERS, Hands

NOW = 1_791_000_000.0
CLOSE = Move(Deed.ESCAPE, "closing the limit menu", dialog=Dialog.LIMIT_MENU)
SCREENS = Path(__file__).parent.parent / "screens"


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    path = tmp_path / "books.db"
    bring_up_to_date(path)
    database = open_for_writing(path)
    yield Books(database)
    database.close()


def pressed(books: Books, server: PrivateServer, box: Box, times: int = 1) -> Attempt:
    """The attempt after so many Escapes were asked for."""
    session = replace(SESSION, socket=str(server.socket), pane=box.pane)
    books.sessions.add(session)
    hands = Hands(books, lambda _: server.tmux, cast("Any", None), lambda: NOW)
    attempt = hands.begin(session, "Please continue.")
    for _ in range(times):
        attempt = hands.perform(session, None, attempt, CLOSE, Evidence(NOW))
    return attempt


def test_a_refused_escape_is_no_try(books: Books, tmux_server: PrivateServer) -> None:
    box = open_box(tmux_server, "the words of another dialog")
    attempt = pressed(books, tmux_server, box, MAX_ESCAPES)
    assert (attempt.escapes, attempt.keyed_at, attempt.open) == (0, 0.0, True)
    assert "not visible" in attempt.reason
    assert box.read() == b""


def test_the_limit_menu_is_closed_in_a_pane_of_24_columns(
    books: Books, tmux_server: PrivateServer
) -> None:
    menu = (SCREENS / "limit-menu-24x24.txt").read_text(encoding="utf-8")
    assert read(menu).dialog is Dialog.LIMIT_MENU
    box = open_box(tmux_server, "\r\n".join(menu.split("\n")[-24:]))
    assert pressed(books, tmux_server, box).escapes == 1
    until(lambda: box.read() == b"\x1b", what=lambda: repr(box.read()))


def test_the_words_of_every_dialog_fit_on_one_row_of_20_columns() -> None:
    assert all(len(f"  {words}") <= 20 for words in MARKERS.values())
