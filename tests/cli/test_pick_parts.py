"""The parts of the built-in picker that need no terminal."""

from __future__ import annotations

import curses
import os
import time
from pathlib import Path

import pytest

from tests.cli.conftest import session
from tests.cli.test_quick import HEAVY, loaded
from tmuxclaude.cli.picker import keys, paint, source, start
from tmuxclaude.cli.picker.choice import Choice
from tmuxclaude.cli.picker.source import Line, Page, Source
from tmuxclaude.cli.places import Places
from tmuxclaude.core.model import State
from tmuxclaude.store.books import Books


def lines(*names: str) -> list[Line]:
    """Rows of these names; one that begins with a dash is past."""
    return [
        Line(["past" if n[0] == "-" else "live", n, "", "", "", "", f"\x1b[31m{n}\x1b[m in ~/Src"])
        for n in names
    ]


def page(*names: str) -> Page:
    return Page([], lines(*names), [0])


def choice(*names: str) -> Choice:
    made = Choice()
    made.take(page(*names))
    return made


def offered(made: Choice) -> list[str]:
    return [line.name for line in made.offered]


def test_the_filter_wants_every_word_and_knows_no_colours() -> None:
    made = choice("api", "web", "-old")
    assert offered(made) == ["api", "web"]
    for key in "SRC eb":
        made.to_filter(key)
    assert offered(made) == ["web"]
    made.to_filter("ctrl-w")
    assert made.filter.text == "SRC "
    assert offered(made) == ["api", "web"]
    made.to_filter("ctrl-u")
    for key in "31m":
        made.to_filter(key)
    assert offered(made) == []
    assert made.line is None
    made.to_filter("backspace")
    assert made.filter.text == "31"
    assert not made.to_filter("alt-n")


def test_the_cursor_stays_on_its_session() -> None:
    made = choice("api", "web", "-old")
    made.move(1)
    made.take(page("web", "zoe", "api"))
    assert (made.at, made.line and made.line.name) == (0, "web")
    made.move(-5)
    made.move(100)
    assert made.at == 2
    made.take(page("web"))
    assert made.at == 0
    made.take(page("web", "-old"))
    made.past = True
    made.weigh()
    assert offered(made) == ["web", "-old"]


def test_the_widest_layout_for_which_there_is_room() -> None:
    made = Page([], [], [0, 60, 90])
    assert [made.layout(room) for room in (-1, 0, 59, 60, 89, 90, 500)] == [0, 0, 0, 1, 1, 2, 2]
    assert Page([], [], []).layout(80) == 0


def styles(drawn: str) -> list[tuple[str, int, int, int]]:
    return [(text, s.attributes, s.fore, s.back) for text, s in map(_copied, paint.runs(drawn))]


def _copied(run: tuple[str, paint.Style]) -> tuple[str, paint.Style]:
    copy = paint.Style()
    copy.attributes, copy.fore, copy.back = run[1].attributes, run[1].fore, run[1].back
    return run[0], copy


def test_sgr_is_understood() -> None:
    drawn = "a\x1b[1;31mb\x1b[22;39;44mc\x1b[38;5;208md\x1b[38;2;255;0;95me\x1b[0;97mf\x1b[mg"
    assert styles(drawn) == [
        ("a", 0, -1, -1),
        ("b", curses.A_BOLD, 1, -1),
        ("c", 0, -1, 4),
        ("d", 0, 208, 4),
        ("e", 0, 16 + 36 * 5 + 1, 4),
        ("f", 0, 15, -1),
        ("g", 0, -1, -1),
    ]


def test_nothing_but_text_is_left_of_other_sequences() -> None:
    drawn = "a\x1b[2Kb\x1b]8;;http://x\x07c\x1b(Bd\te\x0ef\x1b[38;5mg\x1b[38;2;1mh\x1b["
    assert "".join(text for text, _ in paint.runs(drawn)) == "abcBd efgh"


@pytest.mark.parametrize(
    ("theirs", "ours"), [("C-b", "ctrl-b"), ("C", "C"), ("M-c", "alt-c"), ("", "")]
)
def test_keys_in_the_notation_of_tmux(theirs: str, ours: str) -> None:
    assert keys.of_tmux(theirs) == ours


def test_only_plain_calls_are_answered_in_a_hurry() -> None:
    assert start.understood(["pick"]) is False
    assert start.understood(["pick", "--builtin"]) is True
    for words in (["pick", "--rows"], ["pick", "-L", "x"], ["list", "pick"], []):
        assert start.understood(words) is None


# -- where the rows come from ----------------------------------------------------------------------


@pytest.fixture
def places(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    (state_dir / "run").mkdir(mode=0o700)
    return Places(str(state_dir / "tmuxclaude.db"), str(state_dir / "run" / "supervisor.sock"))


def rows_file(pid: int, written: float, *names: str, version: int = 2) -> str:
    first = f"tmuxclaude-rows\t{version}\t{pid}\t{int(written)}\t0\n"
    head = "".join(f"head\t\t\t\t\t\t{text}\n" for text in ("no limit", "keys", "NAME"))
    return first + head + "".join(f"live\t{n}\t\t\t\t\t{n}\n" for n in names)


def publish(places: Places, text: str) -> None:
    fresh = Path(places.rows).with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(places.rows)


def found(places: Places) -> tuple[list[str], list[str]]:
    made = Source(places)
    made.refresh()
    return [texts[-1] for texts in made.page.head], [line.name for line in made.page.lines]


def test_a_fresh_file_is_believed_and_a_stale_one_is_not(
    places: Places, books: Books, home: Path
) -> None:
    books.sessions.add(session("kept", home))
    now, alive, dead = time.time(), os.getpid(), 2**22 + 1
    publish(places, rows_file(alive, now - 60, "api"))
    assert found(places) == (["no limit", "keys", "NAME"], ["api"])
    for text, said in (
        (rows_file(dead, now, "api"), "not running"),
        (rows_file(alive, now - 200, "api"), "does not answer"),
        (rows_file(0, now, "api"), "not running"),
        (rows_file(alive, now, "api", version=1), "not running"),
        ("nonsense", "not running"),
        ("", "not running"),
    ):
        publish(places, text)
        head, names = found(places)
        assert names == ["kept"], text
        assert said in head[1], text
    Path(places.rows).unlink()
    assert found(places)[1] == ["kept"]


def test_without_a_supervisor_and_sessions_it_says_how_to_begin(places: Places) -> None:
    head, names = found(places)
    assert names == []
    assert "alt-n" in head[1]


def test_an_unreadable_database_is_told(places: Places) -> None:
    Path(places.database).write_bytes(b"nonsense" * 1000)
    head, names = found(places)
    assert names == []
    assert "tmuxclaude.db" in head[1]


def test_a_change_is_seen_and_nothing_else_is_one(places: Places, books: Books, home: Path) -> None:
    now = time.time()
    made = Source(places)
    publish(places, rows_file(os.getpid(), now, "api"))
    assert made.refresh()
    assert not made.refresh()
    publish(places, rows_file(os.getpid(), now + 60, "api"))
    assert not made.refresh()
    publish(places, rows_file(os.getpid(), now + 60, "api", "web"))
    assert made.refresh()
    books.sessions.add(session("kept", home))
    Path(places.rows).unlink()
    assert made.refresh()
    assert [line.name for line in made.page.lines] == ["kept"]


def test_what_ended_is_offered_too(places: Places, books: Books, home: Path) -> None:
    books.sessions.add(session("old", home, state=State.ENDED, since=3.0))
    text = source.text(places).splitlines()
    assert [line.split("\t")[:2] for line in text[4:]] == [["past", "old"]]


def test_nothing_heavy_is_imported_before_the_rows_are_there(
    places: Places, env: dict[str, str]
) -> None:
    publish(places, rows_file(os.getpid(), time.time(), "api"))
    call = (
        "from tmuxclaude.cli import main; from tmuxclaude.cli.picker import start, form; "
        "made = form.Source(start.our_places()); assert made.refresh() and made.page.lines"
    )
    ours = loaded(env, call) - loaded(env, "pass")
    assert "tmuxclaude.cli.picker.view" in ours
    assert ours & (HEAVY | {"sqlite3", "shutil", "locale"}) == set()
