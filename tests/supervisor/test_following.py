"""A command that follows what it began goes on while the supervisor is away."""

from __future__ import annotations

import subprocess
import sys

from tests.supervisor.house import TASK, House
from tests.waiting import PATIENCE, until
from tmuxclaude.api import wire
from tmuxclaude.cli import verdicts
from tmuxclaude.core.model import Step


def begin(house: House, *words: str) -> subprocess.Popen[str]:
    call = [sys.executable, "-m", "tmuxclaude", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(call, env=house.env(), stdout=pipe, stderr=pipe, text=True)


def test_a_message_is_followed_over_the_death_of_the_supervisor(house: House) -> None:
    seat = house.new("told", reply="It is done.").idle()
    house.stop()
    house.start("enter-after")
    asked = begin(house, "send", "told", TASK, "--wait")
    house.dies()
    assert asked.poll() is None
    house.start()
    said, complaint = asked.communicate(timeout=120)
    assert (asked.returncode, said) == (0, "It is done.\n"), complaint
    assert seat.turns() == [TASK]


def test_a_resume_is_followed_over_it_too(house: House) -> None:
    seat = house.limited("told")
    house.stop()
    house.start("enter-after")
    asked = begin(house, "resume", "told", "--now")
    house.dies()
    house.start()
    said, complaint = asked.communicate(timeout=120)
    assert complaint == ""
    assert said.startswith("told: ")
    until(lambda: len(seat.turns()) == 2, what=seat.story)


def test_one_that_does_not_come_back_is_not_said_to_have_sent_nothing(house: House) -> None:
    seat = house.new("told").idle()
    house.stop()
    house.start("enter-after")
    house.ask(wire.Send(name="told", text=TASK), wire.Progress)
    house.dies()
    [attempt] = seat.attempts()
    [progress] = verdicts.follow(house.paths, [attempt["id"]], PATIENCE, away=0.0)
    assert (progress.open, progress.name) == (True, "told")
    assert verdicts.delivery_code(Step(progress.step)) == 5
    again = "it may be sent all the same; before you send it again: tmuxclaude show told"
    assert verdicts.delivery(progress).endswith(again)
