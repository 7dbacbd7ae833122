"""Accounts by their names: which there are, their limits, and a session in one of them."""

from __future__ import annotations

import pytest

from tests.api.house import NOW, House
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.model import Limit, LimitKind, Source, State
from tmuxclaude.core.rules import from_table

WORK = "/home/ann/.claude-work"


@pytest.fixture
def named(house: House) -> House:
    house.watch.rules = from_table({"accounts": {"work": {"config_dir": "~/.claude-work"}}})
    return house


def limit(kind: LimitKind, in_seconds: float | None) -> Limit:
    at = None if in_seconds is None else NOW + in_seconds
    return Limit(kind, "you have hit it", Source.TRANSCRIPT, NOW - 60, at)


def test_each_account_is_told_with_its_sessions_and_the_limits_that_stand(named: House) -> None:
    named.keep("api", State.IDLE)
    named.keep("web", State.IDLE, account="/srv/other")
    named.keep("old", State.ENDED, account="/srv/gone")
    named.books.limits.note(WORK, limit(LimitKind.FIVE_HOUR, 3600))
    named.books.limits.note(WORK, limit(LimitKind.SEVEN_DAY, -1))
    found = named.ask(wire.Accounts()).accounts
    assert [(one.name, one.directory, one.sessions) for one in found] == [
        ("default", "/home/ann/.claude", 1),
        ("work", WORK, 0),
        ("other", "/srv/other", 1),
    ]
    [standing] = found[1].limits
    assert (standing.kind, standing.resets_at) == ("five_hour", NOW + 3600)
    assert found[0].limits == found[2].limits == []


def test_a_session_is_opened_in_the_account_of_that_name(named: House) -> None:
    named.new(name="a", account="work")
    named.new(name="b", account="default", environment={"CLAUDE_CONFIG_DIR": "/srv/other"})
    found = {one.name: one for one in named.books.sessions.all()}
    assert found["a"].account == WORK
    assert dict(found["a"].launch.environment) == {"CLAUDE_CONFIG_DIR": WORK}
    assert found["b"].account == "/home/ann/.claude"
    assert dict(found["b"].launch.environment) == {}


def test_a_limit_of_the_named_account_bars_its_launch(named: House) -> None:
    named.books.limits.note(WORK, limit(LimitKind.FIVE_HOUR, 3600))
    with pytest.raises(errors.TmuxclaudeError, match="5-hour limit"):
        named.new(account="work")
    assert named.new().name == "api"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"account": "play"}, errors.NotFoundError),
        ({"account": "work", "config_dir": "/srv/other"}, errors.UsageError),
    ],
)
def test_an_account_that_cannot_be_meant_opens_nothing(
    more: dict[str, str], error: type[Exception], named: House
) -> None:
    with pytest.raises(error, match="nothing was opened"):
        named.new(**more)
    assert named.windows.told == []
