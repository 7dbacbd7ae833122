"""Which sessions come back after their tmux server ended, in which order, and what is said."""

from dataclasses import replace

import pytest

from tests.store.values import SESSION
from tmuxclaude.core import restoring
from tmuxclaude.core.evidence import SERVER_GONE
from tmuxclaude.core.model import Session, State, Want

LOST = replace(SESSION, state=State.LOST, want=Want.UP, reason=SERVER_GONE)


@pytest.mark.parametrize("want", [Want.UP, Want.HOLD])
def test_what_was_wanted_or_held_comes_back(want: Want) -> None:
    assert restoring.lost_with_server(replace(LOST, want=want))


@pytest.mark.parametrize(
    "other",
    [{"want": Want.DOWN}, {"state": State.ENDED}, {"state": State.IDLE}, {"reason": "killed"}],
)
def test_what_was_ended_or_died_by_itself_does_not(other: dict[str, object]) -> None:
    assert not restoring.lost_with_server(replace(LOST, **other))  # type: ignore[arg-type]


def test_a_queued_session_has_no_pane_and_waits_until_it_is_opened_or_fails() -> None:
    queued = restoring.queued(LOST, 5.0)
    assert (queued.state, queued.pane, queued.process) == (State.QUEUED, None, None)
    assert restoring.waits(queued)
    assert not restoring.waits(replace(queued, reason="it waits for a limit"))
    failed = restoring.failed(queued, 6.0, "no directory")
    assert (failed.state, failed.since, failed.reason) == (State.LOST, 6.0, "no directory")


def test_windows_come_back_as_they_stood() -> None:
    def at(name: str, home: str, index: int | None, created: float = 0.0) -> Session:
        return replace(LOST, name=name, tmux_session=home, window_index=index, created_at=created)

    stood = [at("a", "one", 2), at("b", "one", 10), at("c", "one", None, 1), at("d", "two", 0)]
    assert restoring.in_order(stood[::-1]) == stood


def test_the_sentence_names_three_and_counts_the_others() -> None:
    lost = [replace(LOST, name=name) for name in ("a", "b", "c", "d")]
    assert restoring.sentence(lost[:1], "") == "1 session was lost with the tmux server (a)"
    assert restoring.sentence(lost, "go on") == (
        "4 sessions were lost with the tmux server (a, b, c and 1 more); go on"
    )
