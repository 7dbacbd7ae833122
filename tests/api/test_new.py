"""A new session has a name that nobody has, or nothing was opened."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.house import NOW, House
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.model import NAME, State
from tmuxclaude.core.rules import ClaudeRules, Rules


def test_a_name_is_made_of_the_directorys_and_made_unique(house: House) -> None:
    assert [house.new().name for _ in range(3)] == ["api", "api-2", "api-3"]
    house.keep("api-4", State.ENDED)
    assert house.new().name == "api-4"


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("/srv/my app", "my-app"),
        ("/srv/.config", "config"),
        ("/srv/--x--", "x"),
        ("/srv/日本語", "claude"),
        ("/", "claude"),
        ("/srv/naïve", "naive"),
        ("/srv/#(touch x)", "touch-x"),
        ("/srv/" + "a" * 99, "a" * 40),
    ],
)
def test_any_directory_gives_a_name_that_means_nothing_to_tmux(
    directory: str, name: str, house: House
) -> None:
    assert house.new(directory).name == name
    second = house.new(directory).name
    assert second == f"{name}-2"
    assert NAME.fullmatch(second)


@pytest.mark.parametrize(
    "name", ["", "-d", "_a", "a b", "a.b", "a:b", "a;", "#(x)", "é", "a\n", "a" * 49, "@1", "=a"]
)
def test_a_bad_name_opens_nothing(name: str, house: House) -> None:
    with pytest.raises(errors.UsageError, match="no session name"):
        house.new(name=name)
    assert house.books.sessions.all() == []
    assert house.windows.told == []


@pytest.mark.parametrize("command", [[], ["claude"], ["/bin/claude", "a\0b"]])
def test_a_command_that_cannot_be_started_opens_nothing(command: list[str], house: House) -> None:
    with pytest.raises(errors.UsageError, match="command"):
        house.new(command=command)
    with pytest.raises(errors.UsageError, match="command"):
        house.ask(wire.Run(pid=7, directory="/srv/api", command=command), 7)
    assert house.books.sessions.all() == []


@pytest.mark.parametrize("state", [s for s in State if s is not State.ENDED])
def test_a_name_that_is_taken_opens_nothing(state: State, house: House) -> None:
    house.keep("api", state)
    with pytest.raises(errors.RefusedError, match="tmuxclaude attach api"):
        house.new(name="api")
    assert len(house.books.sessions.all()) == 1
    assert house.windows.told == []


@pytest.mark.parametrize("field", ["directory", "socket", "zone"])
def test_a_nul_byte_opens_nothing(field: str, house: House) -> None:
    with pytest.raises(errors.UsageError, match="NUL"):
        house.new(**{field: "/srv/a\0b"})
    assert house.windows.told == []


@pytest.mark.parametrize("prompt", ["", "two\nlines", "/clear", "\x1b[31m", "!ls", "x" * 2001])
def test_a_prompt_that_cannot_be_typed_opens_nothing(prompt: str, house: House) -> None:
    with pytest.raises(errors.UsageError, match="cannot be typed"):
        house.new(prompt=prompt)
    assert house.books.sessions.all() == []


def test_a_new_session_is_kept_as_it_was_ordered(house: House) -> None:
    opened = house.new(
        arguments=["--model", "opus"], pane="%1", select=True, zone="Asia/Tokyo", prompt="hello"
    )
    kept = house.books.sessions.by_name("api")
    assert kept is not None
    assert (opened.name, opened.uid, opened.pane, opened.notes) == (
        *("api", kept.uid, "%7", ["a note"]),
    )
    assert (kept.state, kept.since, kept.zone, kept.launch.command) == (
        *(State.STARTING, NOW, "Asia/Tokyo", ("/bin/claude",)),
    )
    assert house.windows.told == [("open", "api", ["--model", "opus"], "%1", True)]
    assert house.watch.touched == [kept.uid]
    attempt = house.books.halts.attempt(opened.attempt)
    assert attempt is not None
    assert (attempt.text, attempt.halt, attempt.by_hand) == ("hello", None, False)


def test_the_account_is_the_callers_then_the_configured_then_the_users(house: House) -> None:
    def opened(**more: Any) -> tuple[str, str | None]:
        session = house.books.sessions.get(house.new(**more).uid)
        assert session is not None
        return session.account, dict(session.launch.environment).get("CLAUDE_CONFIG_DIR")

    assert opened() == ("/home/ann/.claude", None)
    house.watch.rules = Rules(claude=ClaudeRules(config_dir="/configured"))
    assert opened() == ("/configured", "/configured")
    assert opened(config_dir="/callers") == ("/callers", "/callers")
    house.around.links["/link"] = "/callers"
    assert opened(config_dir="/link") == ("/callers", "/link"), "Claude Code gets what was said"
