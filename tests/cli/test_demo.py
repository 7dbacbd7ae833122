"""How the demo tells its story; that it comes to its end, ``make demo`` shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import session
from tmuxclaude.cli import demo
from tmuxclaude.core.model import Actor, Outlook
from tmuxclaude.edges.paths import Paths
from tmuxclaude.store.books import Books


@pytest.fixture
def tale(home: Path, books: Books) -> demo.Tale:
    outlook = Outlook(Actor.US, 4e9, "5-hour limit")
    for name in ("api", "docs"):
        books.sessions.add(session(name, home, outlook=outlook))
    return demo.Tale(Paths.from_environment({"HOME": str(home)}), began=100.0, bar=False)


def test_events_are_told_once_and_in_the_order_of_their_time(
    tale: demo.Tale, books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    for at, name, text in (
        (101, "api", "z"),
        (101, "api", "a"),
        (103, "api", "c"),
        (102, "docs", "b"),
    ):
        books.events.note(float(at), f"uid-{name}", "state", text)
    for _ in range(2):
        tale._tell(tale._sessions())
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[2], line[-1]) for line in told] == [
        ("1.0", "api", "z"),
        ("1.0", "api", "a"),
        ("2.0", "docs", "b"),
        ("3.0", "api", "c"),
    ]


@pytest.mark.usefixtures("books")
def test_who_waits_is_said_once_where_no_bar_is_drawn(
    tale: demo.Tale, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        tale._say_who_waits(tale._sessions())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["api", "docs"]
    assert all("… waiting for the reset, continues at " in line for line in lines)


def test_the_introduction_fits_into_a_small_terminal() -> None:
    lines = demo.INTRODUCTION.format(place="/tmp/tmuxclaude-demo-12345678").splitlines()
    assert max(map(len, lines)) <= 80
