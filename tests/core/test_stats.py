"""What the figures count, from rows as the database has them."""

from __future__ import annotations

from typing import Any

import pytest

from tmuxclaude.core import chart, drawn, stats
from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.hours import ago
from tmuxclaude.core.stats import BACK, UNWATCHED, By, Figures, Material

HOUR = 3600.0
DAY = 24 * HOUR
MIDNIGHT = 1_799_971_200.0
"""2027-01-15 in UTC."""


def session(uid: str = "s", name: str = "api", **more: Any) -> dict[str, Any]:
    plain = {
        "uid": uid,
        "name": name,
        "directory": "/srv/api",
        "account": "/home/ann/.claude",
        "state": "idle",
        "since": MIDNIGHT,
        "created_at": MIDNIGHT,
    }
    return plain | more


def state(hours: float, text: str, uid: str = "s") -> dict[str, Any]:
    at = MIDNIGHT + hours * HOUR
    return {"at": at, "session": uid, "kind": "state", "text": text, "evidence": {}}


def event(hours: float, kind: str, uid: str = "", **evidence: Any) -> dict[str, Any]:
    at = MIDNIGHT + hours * HOUR
    return {"at": at, "session": uid, "kind": kind, "text": "", "evidence": evidence}


def halt(
    number: int, said: float, resets: float | None, ended: float | None, by: str, **more: Any
) -> dict[str, Any]:
    def at(hours: float | None) -> float | None:
        return None if hours is None else MIDNIGHT + hours * HOUR

    plain = {
        "id": number,
        "session": "s",
        "limit_kind": "five_hour",
        "limit_said_at": at(said),
        "limit_resets_at": at(resets),
        "opened_at": at(said),
        "ended_at": at(ended),
        "ended_by": by or None,
        "outcome": "it went on",
    }
    return plain | more


def material(**more: Any) -> Material:
    empty: dict[str, Any] = {key: [] for key in ("links", "events", "halts", "checkpoints")}
    return Material(**({"sessions": [session()], **empty, "quarters": {}} | more))


def total(found: Material, begin: float = 0, end: float = 24) -> Figures:
    since, until = MIDNIGHT + begin * HOUR, MIDNIGHT + end * HOUR
    return stats.figures(found, since, until, By.SESSION, "UTC")[1]


WORKED = [state(1, "idle → working"), state(3, "working → idle")]


def test_it_works_while_its_state_says_so() -> None:
    events = [*WORKED, state(5, "idle → working"), state(6, "working → lost: killed")]
    assert total(material(events=events)).worked == 3 * HOUR
    assert total(material(events=events), 2, 5.5).worked == 1.5 * HOUR
    assert (
        total(material(events=WORKED[:1], sessions=[session(state="working")])).worked == 23 * HOUR
    )


def test_a_state_that_changed_without_an_event_ended_the_work() -> None:
    ended = session(state="ended", since=MIDNIGHT + 4 * HOUR)
    assert total(material(events=WORKED[:1], sessions=[ended])).worked == 3 * HOUR


@pytest.mark.parametrize(
    ("gap", "worked"),
    [((0, 0.5), 2), ((0, 1.5), 1.5), ((1.5, 2), 1.5), ((2, 9), 1), ((0, 9), 0), ((3, 9), 2)],
)
def test_while_nobody_watched_it_counts_for_nothing(
    gap: tuple[float, float], worked: float
) -> None:
    since = MIDNIGHT + gap[0] * HOUR
    events = [*WORKED, event(gap[1], UNWATCHED, since=since), event(8, UNWATCHED, since="?")]
    assert total(material(events=events)).worked == worked * HOUR


def test_a_limit_is_waited_for_from_its_word_to_the_end_of_the_halt() -> None:
    halts = [halt(1, 1, 3, 3.5, "tmuxclaude"), halt(2, 20, 26, None, "")]
    found = total(material(halts=halts))
    assert (found.waited, found.by_us) == (2.5 * HOUR + 4 * HOUR, 1)
    errors = [halt(1, 1, None, 3, "tmuxclaude", limit_kind="overloaded")]
    assert total(material(halts=errors)).waited == 0


def test_who_resumed() -> None:
    halts = [
        halt(1, 1, 2, 3, "claude"),
        halt(2, 4, 5, 6, "you"),
        halt(3, 7, 8, 9, "you", outcome="the session ended"),
        halt(4, 10, 11, 12, "nobody"),
        halt(5, 13, 14, 15, "tmuxclaude"),
    ]
    found = total(material(halts=halts))
    assert (found.by_us, found.by_claude, found.by_you) == (1, 1, 1)


def saved(halts: list[dict[str, Any]], events: list[dict[str, Any]]) -> float:
    return total(material(halts=halts, events=events)).saved / HOUR


def test_a_resume_saves_the_time_until_its_user_types_again() -> None:
    once = [halt(1, 1, 3, 4, "tmuxclaude")]
    went_on = [state(3.1, "limited → working"), state(5, "working → idle")]
    assert saved(once, [*went_on, event(9, BACK, "s", halt=1), event(10, BACK, "s", halt=1)]) == 6
    assert saved(once, went_on) == 2  # nobody came: until it last worked
    assert saved(once, []) == 0
    assert saved([halt(1, 1, 3, 4, "claude")], went_on) == 0
    assert saved([halt(1, 1, None, 4, "tmuxclaude")], went_on) == 1


def test_what_was_saved_ends_where_the_next_halt_begins() -> None:
    twice = [halt(1, 1, 3, 4, "tmuxclaude"), halt(2, 6, 8, 8.5, "tmuxclaude")]
    went_on = [state(3.1, "limited → working"), state(6, "working → limited")]
    assert saved(twice, [*went_on, event(10, BACK, "s", halt=2)]) == 3 + 2
    assert saved(twice, [*went_on, event(10, BACK, "s", halt=1)]) == 3


def test_turns_and_tokens_belong_to_who_had_the_conversation_then() -> None:
    links = [
        {"session": "s", "conversation": "C1", "began_at": MIDNIGHT},
        {"session": "t", "conversation": "C1", "began_at": MIDNIGHT + 5 * HOUR},
    ]
    at = int(MIDNIGHT // 900)
    told = {"c1": ((at - 1, 9, 9), (at + 8, 3, 70), (at + 24, 1, 5)), "c2": ((at, 8, 8),)}
    found = material(sessions=[session(), session("t", "web")], links=links, quarters=told)
    rows, every = stats.figures(found, MIDNIGHT, MIDNIGHT + DAY, By.SESSION, "UTC")
    shown = {name: (one.turns, one.tokens) for name, one in rows}
    assert shown == {"api": (3, 70), "web": (1, 5)}
    assert (every.turns, every.tokens, every.sessions) == (4, 75, 2)


def test_days_are_those_of_a_zone_and_none_is_missing() -> None:
    events = [state(-1, "idle → working"), state(1.5, "working → idle")]
    found = material(events=events)
    for zone, shown in (
        ("UTC", [("2027-01-13", 0.0), ("2027-01-14", 1.0), ("2027-01-15", 1.5)]),
        ("Etc/GMT-1", [("2027-01-13", 0.0), ("2027-01-14", 0.0), ("2027-01-15", 2.5)]),
    ):
        since = MIDNIGHT - 1.5 * DAY
        rows, _ = stats.figures(found, since, MIDNIGHT + 6 * HOUR, By.DAY, zone)
        assert [(day, one.worked / HOUR) for day, one in rows] == shown


@pytest.mark.parametrize(("zone", "ahead"), [("Asia/Kolkata", 5.5), ("Asia/Kathmandu", 5.75)])
def test_a_day_that_begins_within_an_hour_has_what_was_done_in_it(zone: str, ahead: float) -> None:
    midnight = MIDNIGHT - ahead * HOUR
    links = [{"session": "s", "conversation": "C1", "began_at": midnight - DAY}]
    first = int(midnight // 900)
    told = {"c1": ((first - 1, 1, 5), (first, 2, 7), (first + 95, 4, 0), (first + 96, 8, 9))}
    found = material(links=links, quarters=told)
    for begin, shown in ((midnight, [2 + 4, 8]), (midnight - 60, [1, 2 + 4, 8])):
        rows, every = stats.figures(found, begin, midnight + 1.5 * DAY, By.DAY, zone)
        assert [one.turns for _, one in rows] == shown
        assert every.turns == sum(shown), "the days add up"


def test_a_quarter_that_began_before_counts_on_the_first_day() -> None:
    links = [{"session": "s", "conversation": "C1", "began_at": MIDNIGHT - DAY}]
    told = {"c1": ((int(MIDNIGHT // 900) - 1, 1, 5),)}
    found = material(links=links, quarters=told)
    rows, _ = stats.figures(found, MIDNIGHT - 60, MIDNIGHT + HOUR, By.DAY, "UTC")
    assert [one.turns for _, one in rows] == [1, 0]
    rows, every = stats.figures(found, MIDNIGHT - 60, MIDNIGHT + HOUR, By.DAY, "Etc/GMT-1")
    assert ([one.turns for _, one in rows], every.turns) == ([1], 1)


def test_by_account_and_directory_checkpoints_outside_of_sessions_count_too() -> None:
    places = [("s", "/x", "/y"), ("", "/work", "/srv/web"), ("", "/home/ann/.claude", "/srv/api")]
    checkpoints = [
        {"session": uid, "account": account, "directory": directory, "taken_at": MIDNIGHT + 1}
        for uid, account, directory in places
    ]
    found = material(checkpoints=checkpoints)
    for by, shown in (
        (By.ACCOUNT, {"/home/ann/.claude": 2, "/work": 1}),
        (By.DIRECTORY, {"/srv/api": 2, "/srv/web": 1}),
        (By.SESSION, {"api": 1}),
    ):
        rows, every = stats.figures(found, MIDNIGHT, MIDNIGHT + DAY, by, "UTC")
        assert {key: one.checkpoints for key, one in rows} == shown
        assert (every.checkpoints, every.sessions) == (3, 1)


def test_what_did_nothing_in_that_time_is_not_shown() -> None:
    found = material(events=WORKED, sessions=[session(created_at=MIDNIGHT - DAY)])
    assert total(found, 4, 24) == Figures()
    assert total(found, 2, 24).sessions == 1


def bars(columns: int) -> list[str]:
    rows = [
        ("api", Figures(worked=8 * HOUR, waited=2 * HOUR)),
        ("a-name-of-many-letters", Figures(worked=1 * HOUR)),
        ("idle", Figures()),
        ("日本語日本語日本語", Figures(waited=5 * HOUR)),
    ]
    return chart.bars(rows, columns)


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_a_chart_is_never_wider_than_its_place(columns: int) -> None:
    lines = bars(columns)
    assert len(lines) == 3
    assert max(map(drawn.columns, lines)) <= columns
    worked, waited = lines[0].count("#"), lines[0].count(".") - 1
    assert worked == pytest.approx(4 * waited, abs=4)
    assert lines[0].endswith("8.0h")
    assert lines[2].endswith(".  0h")


def test_a_chart_grows_with_its_place() -> None:
    assert bars(80)[0].count("#") > bars(40)[0].count("#") > 0
    assert chart.bars([("idle", Figures())], 80) == []


def test_times_of_the_past() -> None:
    now = MIDNIGHT
    assert ago("7d", now, "UTC") == now - 7 * DAY
    assert ago("1d12h", now, "UTC") == now - 1.5 * DAY
    assert ago("2027-01-14", now, "UTC") == now - DAY
    assert ago("2027-01-14", now, "Etc/GMT-1") == now - DAY - HOUR
    for wrong in ("0d", "", "7", "2027-01-16", "2027-13-01", "99999d", "999d999999h", "x"):
        with pytest.raises(UsageError, match="no time of the past"):
            ago(wrong, now, "UTC")
