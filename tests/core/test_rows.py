"""What the pickers show: the rows file, line by line."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tmuxclaude.core import rows
from tmuxclaude.core.drawn import columns
from tmuxclaude.core.symbols import ASCII

NOW = 1_800_000_000.0 - 20  # 07:59:40 in UTC, on a Friday
HOME = "/home/ann"
LEAST = ["0", "60", "90", "120"]
PLAIN: dict[str, Any] = {
    "state": "idle",
    "want": "up",
    "since": NOW - 600,
    "reason": "",
    "directory": "/home/ann/api",
    "socket": "/tmp/tmux-1000/default",
    "server_pid": 4711,
    "pane_id": "%12",
    "nonce": "0f" * 16,
    "created_at": NOW - 900,
    "outlook_actor": "nobody",
    "outlook_at": None,
    "outlook_why": "",
    "resets_at": None,
    "abandoned_since": None,
    "uncommitted": None,
    "in_group": "",
}


def row(name: str, **more: Any) -> dict[str, Any]:
    return PLAIN | {"name": name} | more


def shown(*sessions: dict[str, Any], now: float = NOW, **more: Any) -> list[list[str]]:
    """The fields of every line."""
    asked: dict[str, Any] = {"limits": [], "pause": None, "notices": []} | more
    text = rows.text(sessions, now=now, local=time.gmtime, home=HOME, pid=99, **asked)
    assert text.endswith("\n")
    return [line.split("\t") for line in text[:-1].split("\n")]


def names(found: list[list[str]]) -> list[str]:
    return [fields[1] for fields in found[4:]]


def plain(drawn: str) -> str:
    first, *more = drawn.split("\x1b[")
    return first + "".join(part.partition("m")[2] for part in more)


def test_the_form_is_the_contract() -> None:
    first, *head, session = shown(row("api"))
    assert first == ["tmuxclaude-rows", "2", "99", str(int(NOW // 60 * 60)), *LEAST]
    assert [len(line) for line in (*head, session)] == [6 + len(LEAST)] * 4
    assert {tuple(line[:6]) for line in head} == {("head", "", "", "", "", "")}
    assert session[:6] == ["live", "api", "/tmp/tmux-1000/default", "4711", "%12", "0f" * 16]
    assert plain(head[2][-1]).split() == ["NAME", "STATE", "WHEN", "DIRECTORY", "WHY"]
    assert plain(session[-1]).split() == ["api", "○", "idle", "~/api"]


def test_without_sessions_it_says_what_to_do() -> None:
    found = shown()
    assert len(found) == 4
    assert "alt-n" in found[2][-1]
    assert "tmuxclaude new" in found[2][-1]
    gone = shown(row("api", state="ended"))
    assert "ctrl-l" in gone[2][-1]


def test_who_waits_for_you_is_first_then_what_is_soonest() -> None:
    found = shown(
        row("zoe"),
        row("gone", state="ended", since=NOW - 50),
        row("later", state="limited", outlook_actor="tmuxclaude", outlook_at=NOW + 7200),
        row("stopped", state="lost", want="down", since=NOW - 5),
        row("amy", state="working"),
        row("soon", state="limited", outlook_actor="claude", outlook_at=NOW + 60),
        row("rebooted", state="lost"),
        row("asks", state="waiting", since=NOW - 10),
        row("asked", state="limited", outlook_actor="you", since=NOW - 99),
    )
    assert names(found) == [
        *("asked", "asks", "rebooted", "soon", "later", "amy", "zoe"),
        *("stopped", "gone"),
    ]
    kinds = {fields[1]: fields[0] for fields in found[4:]}
    assert kinds["rebooted"] == "back"
    assert [name for name, kind in kinds.items() if kind == "past"] == ["stopped", "gone"]


def test_of_one_name_there_is_the_row_that_verbs_mean() -> None:
    found = shown(
        row("api", state="ended", created_at=3.0, pane_id="%3"),
        row("api", created_at=1.0, pane_id="%1"),
        row("web", state="ended", created_at=1.0, since=NOW - 3),
        row("web", state="ended", created_at=2.0, since=NOW - 9),
    )
    assert [(fields[0], fields[1], fields[4]) for fields in found[4:]] == [
        ("live", "api", "%1"),
        ("past", "web", ""),
    ]
    assert "since" in found[5][-1]


def test_a_time_is_shown_in_the_zone_and_counted_down_in_minutes() -> None:
    limited = row("api", state="limited", outlook_at=NOW + 20 + 3600, outlook_why="weekly limit")
    [line] = shown(limited)[4:]
    assert "⏳ limited" in plain(line[-1])
    assert "09:00 in 1h 1m" in line[-1]
    assert line[-1].endswith("weekly limit")
    held = row("api", state="limited", want="hold", resets_at=NOW + 20)
    assert "08:00 in 1m" in shown(held)[4][-1]
    assert "due" in shown(row("api", outlook_at=NOW - 60))[4][-1]


@pytest.mark.parametrize(
    ("now", "left"),
    [(-20, "in 2m"), (0, "in 1m"), (37, "in 1m"), (60, "in <1m"), (64, "in <1m"), (65, "due")],
)
def test_the_countdown_is_that_of_the_clock_beside_it(now: float, left: str) -> None:
    at = NOW + 20 + 65  # 08:01:05
    drawn = plain(shown(row("api", outlook_at=at), now=NOW + 20 + now)[4][-1])
    assert f"08:01 {left}  " in drawn


def test_nothing_changes_before_the_minute_turns() -> None:
    limited = row("api", outlook_at=NOW + 100.5)
    assert shown(limited, now=NOW + 19) == shown(limited, now=NOW - 39)
    assert shown(limited, now=NOW + 20) != shown(limited, now=NOW + 19)


def test_what_is_held_says_so_and_why() -> None:
    held = row("api", want="hold", outlook_why="weekly limit")
    assert shown(held)[4][-1].endswith("held; weekly limit")
    said = row("api", want="hold", outlook_why="held, never touched")
    assert shown(said)[4][-1].endswith("  held, never touched")


def limit(kind: str, resets_at: float | None, **more: Any) -> dict[str, Any]:
    plain = {"account": "/home/ann/.claude", "lifted_at": None}
    return plain | {"kind": kind, "resets_at": resets_at} | more


def test_the_head_tells_limits_pause_and_notices() -> None:
    limits = [
        limit("seven_day", NOW + 20 + 86400),
        limit("five_hour", NOW + 20 + 3600),
        limit("seven_day_opus", None),
        limit("usage", NOW - 1),
        limit("spend", NOW + 20, lifted_at=NOW - 1),
    ]
    found = shown(row("api"), limits=limits, pause={"until": NOW + 20}, notices=["no disk"])
    told = plain(found[1][-1])
    assert told == (
        "resumes are paused until 08:00 · 5-hour limit resets 09:00 in 1h 1m"
        " · weekly limit resets Sat 08:00 in 1d"
    )
    assert plain(found[2][-1]) == "no disk"
    other = limit("five_hour", NOW + 20, account="/home/ann/.work")
    assert "5-hour limit of .work resets 08:00 in 1m" in shown(limits=[*limits, other])[1][-1]
    assert shown(row("api"), pause={"until": NOW - 1})[1][-1] == "no limit is known"
    assert "paused\x1b" in shown(row("api"), pause={"until": None})[1][-1]


HOSTILE = "a\tb\nc\x1b[2J\u202e\u200bd\udce9"


def test_hostile_texts_are_made_visible() -> None:
    told = row("api", directory=HOSTILE, reason=HOSTILE, outlook_why="")
    [line] = shown(told, notices=[HOSTILE])[4:]
    assert len(line) == 6 + len(LEAST)
    assert plain(line[-1]).isprintable()
    assert "\\u202e\\u200b" in line[-1]
    assert shown(row("api", socket="/tmp/a\tb"))[4][2:6] == ["", "", "", ""]
    "\n".join("\t".join(fields) for fields in shown(told)).encode()


@pytest.mark.parametrize("count", [0, 1, 300])
def test_columns_are_aligned_by_what_a_terminal_shows(count: int) -> None:
    places = ("/srv/データ/東京", "/srv/cafe\u0301", "/home/ann/x" * 9, "/srv/\u200b")
    found = shown(
        *(row(f"s{i:03}", directory=places[i % 4], reason=f"why{i}") for i in range(count))
    )
    lines = [plain(fields[-1]) for fields in found[3:]]
    assert len(lines) == count + 1
    begins = {columns(line[: line.rindex("why" if i else "WHY")]) for i, line in enumerate(lines)}
    assert len(begins) == 1


def test_long_names_and_directories_do_not_push_the_rest_away() -> None:
    wide = row("n" * 48, directory="/srv/" + "東" * 60, outlook_why="w" * 500)
    [line] = shown(wide)[4:]
    assert line[1] == "n" * 48
    for drawn, why_at in zip(line[6:], (30, 36, 60, 72), strict=True):
        assert columns(plain(drawn)[: plain(drawn).index("www")]) <= why_at
        assert columns(plain(drawn)) < 220


def test_in_little_room_the_reason_comes_before_the_directory_and_help_is_told_of_first() -> None:
    due = {"outlook_at": NOW + 20 + 3600, "outlook_why": "weekly limit"}
    found = shown(row("api", state="limited", **due), row("a" * 40, state="ended"))
    narrow, small, *wide = [[plain(fields[at]) for fields in found[2:5]] for at in range(6, 10)]
    assert narrow[1:] == [
        "NAME  STATE       WHEN   WHY  DIRECTORY",
        "api   ⏳ limited  09:00  weekly limit  ~/api",
    ]
    assert small[2] == "api   ⏳ limited  09:00 in 1h 1m  weekly limit  ~/api"
    assert [line[2].split()[-3:] for line in wide] == [["~/api", "weekly", "limit"]] * 2
    assert [head[0].split("  ")[:2] for head in (narrow, small, *wide)] == [
        ["? help", "enter go"]
    ] * 4
    assert len(narrow[0]) <= 40
    assert len(small[0]) <= 60
    assert "ctrl-l" in wide[0][0]


def test_what_is_held_is_marked_at_its_state() -> None:
    found = shown(row("api", want="hold"), row("web"), row("gone", state="ended", want="hold"))
    states = {fields[1]: plain(fields[-1]).split("  ")[1].strip() for fields in found[4:]}
    assert states["api"] == "○ idle ‖"
    assert "‖" not in "".join(plain(fields[-1]) for fields in found[5:])
    assert "- idle =" in shown(row("api", want="hold"), symbols=ASCII)[4][6]


def test_the_symbols_are_the_users() -> None:
    drawn = [shown(row("api", state=state), symbols=ASCII)[4][-1] for state in ("limited", "idle")]
    assert ["~ limited" in drawn[0], "- idle" in drawn[1]] == [True, True]
    assert all(line.isascii() for line in drawn)


def test_an_abandoned_session_says_so() -> None:
    *_, line = shown(row("api", reason="why", abandoned_since=NOW - 9 * 3600, uncommitted=2))
    assert plain(line[-1]).endswith("abandoned: nothing for 9h, 2 files are not committed")


def test_a_group_is_found_by_typing_it_and_a_strange_row_costs_no_other() -> None:
    moon = {"account": "/a", "kind": "moon", "words": "w", "resets_at": NOW + 60, "lifted_at": None}
    found = shown(
        row("api", in_group="crew", outlook_why="your draft"),
        row("db", in_group="crew"),
        row("web"),
        row("new", state="flying"),
        limits=[moon],
    )
    drawn = {fields[1]: plain(fields[-1]) for fields in found[4:]}
    assert set(drawn) == {"api", "db", "web"}
    assert drawn["api"].endswith("  @crew your draft")
    assert drawn["db"].endswith("  @crew")
    assert "@" not in drawn["web"]
    assert plain(found[1][-1]).startswith("w resets")
