"""Deliveries that cannot go on: they are tried ever more slowly, told, and in nobody's way."""

from __future__ import annotations

from dataclasses import replace

from tests.supervisor.house import AHEAD, LIMIT, OURS, SLACK, TASK, House, Seat
from tests.supervisor.seat import NBSP
from tests.supervisor.test_adopting import ByHand, adopted
from tests.waiting import until

REFUSED = 4
SHELL = "cannot tell Claude Code from a shell"
PROGRAM = "another program is in the foreground"


def behind_a_shell(house: House, name: str) -> Seat:
    """Adopted; tmux calls by the name of the shell that waits for it what stands in front."""
    byhand = ByHand(house, name, limit=LIMIT)
    byhand.run('bash -c "claude; true"')
    until(lambda: f"❯{NBSP}" in byhand.screen(), what=byhand.screen)
    until(byhand.entries, what="its registry file")
    [verdict] = adopted(house, byhand.pane)
    assert "only watched" in " ".join(verdict["notes"])
    return byhand.seat().is_("idle")


def with_another_program(seat: Seat) -> Seat:
    """The program that was noted at its prompt is not the one that runs there."""
    seat.house.stop()
    with seat.house.books() as books:
        session = books.sessions.get(seat.uid)
        assert session is not None
        books.sessions.save(replace(session, program="another"))
    seat.house.start()
    return seat


def lines(seat: Seat) -> int:
    """How long the history of its deliveries is."""
    return len(seat.history())


def test_behind_a_shell_nothing_is_tried_and_the_next_of_its_account_goes(house: House) -> None:
    house.restart(stagger_seconds=10)
    seat = behind_a_shell(house, "wrapped")
    seat.say(TASK)
    seat.is_("limited").close_menu()
    other = house.limited("other")
    before = seat.keys()
    house.let_it_be_due()
    other.has_turns(TASK, OURS)
    seat.waits_because(SHELL)
    seat.never(lambda: seat.keys() != before or seat.steps() != ["due"])
    house.let_it_be_due(61)
    until(lambda: "blocked" in dict(seat.events()), what=seat.story)


def test_what_cannot_be_typed_is_refused_at_once_or_soon(house: House) -> None:
    behind_a_shell(house, "wrapped")
    done = house.run("send", "wrapped", "hello there")
    assert (done.returncode, SHELL in done.stderr) == (REFUSED, True), done
    seat = with_another_program(house.new("other").idle())
    done = house.run("send", "other", "hello there")
    assert (done.returncode, PROGRAM in done.stderr) == (REFUSED, True), done
    assert seat.turns() == []


def test_another_program_in_front_is_tried_a_few_times_and_then_a_persons(house: House) -> None:
    house.restart(stagger_seconds=10)
    seat = house.limited("stuck")
    seat.close_menu()
    with_another_program(seat)
    before = seat.keys()
    house.let_it_be_due()
    seat.waits_because(PROGRAM)
    other = house.limited("other", limit={"resets_in": 0, "lifts_in": 0})
    other.has_turns(TASK, OURS)
    once = lines(seat)
    for seconds in (6, 12, 18, 24):
        house.let_it_be_due(seconds)
        seat.never(lambda: lines(seat) > once + 2, 0.5)  # that the other goes first, and again this
    house.let_it_be_due(80)
    until(lambda: seat.row()["step"] == "needs_human", what=seat.story)
    assert "tmuxclaude resume stuck --now" in seat.row()["needs_human"]
    assert seat.keys() == before


def test_what_is_stuck_half_way_keeps_the_others_for_a_minute(house: House) -> None:
    seats = [house.limited(name, slow_echo=1.5) for name in ("one", "two")]
    house.let_it_be_due()
    until(lambda: any("typed" in seat.steps() for seat in seats), what=seats[0].story)
    stuck, other = sorted(seats, key=lambda seat: "typed" not in seat.steps())
    stuck.server.say("copy-mode", "-t", stuck.pane)
    stuck.waits_because("copy mode")
    other.waits_because("goes first")
    other.never(lambda: OURS in other.turns())
    house.shift(AHEAD + SLACK + 61)
    other.has_turns(TASK, OURS)
    assert stuck.steps()[-1] == "typed"
    stuck.server.say("send-keys", "-t", stuck.pane, "-X", "cancel")
    stuck.has_turns(TASK, OURS)
