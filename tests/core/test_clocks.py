"""Stories of clocks: readings in, and when nothing may be sent by itself out."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmuxclaude.core.clocks import (
    GAP_SECONDS,
    GAP_SETTLE_SECONDS,
    LEAP_SETTLE_SECONDS,
    Course,
    Instant,
    attempt_in_time,
    halt_in_time,
    went_on,
)
from tmuxclaude.core.model import Attempt, Halt, Limit, LimitKind, Source, Step

HOUR = 3600.0
YEAR_2098 = 72 * 365 * 24 * HOUR


@dataclass
class Story:
    """A machine whose clocks are read every second of its life."""

    wall: float = 1_800_000_000.0
    monotonic: float = 5_000.0
    boottime: float = 9_000.0
    course: Course = field(default_factory=Course)

    def read(self) -> Story:
        self.course = went_on(self.course, Instant(self.wall, self.monotonic, self.boottime))
        return self

    def step(self, seconds: float) -> Story:
        self.wall += seconds
        return self.read()

    def sleep(self, seconds: float) -> Story:
        self.wall += seconds
        self.boottime += seconds
        return self.read()

    def live(self, seconds: float, every: float = 1.0) -> Story:
        end = self.boottime + seconds
        while self.boottime < end:
            passed = min(every, end - self.boottime)
            self.wall += passed
            self.monotonic += passed
            self.boottime += passed
            self.read()
        return self

    @property
    def held(self) -> bool:
        return bool(self.course.unsettled())

    def held_for(self, limit: float = 1000) -> float:
        """How long from now it stays held, to the second."""
        began = self.boottime
        while self.held:
            assert self.boottime - began < limit
            self.live(1)
        return self.boottime - began


@pytest.fixture
def story() -> Story:
    return Story().read()


def test_the_first_reading_and_ordinary_days_hold_nothing(story: Story) -> None:
    assert not story.held
    assert not story.live(36 * HOUR, every=20 * 60).held
    assert story.course.jumps == 0


@pytest.mark.parametrize("seconds", [31, 8 * HOUR, 3 * 24 * HOUR])
def test_after_a_sleep_it_settles_for_a_minute(story: Story, seconds: float) -> None:
    assert story.sleep(seconds).held
    assert "slept" in story.course.unsettled()
    assert story.held_for() == GAP_SETTLE_SECONDS == 60


@pytest.mark.parametrize("seconds", [1, -1, 29, -29])
def test_what_a_time_service_corrects_every_day_holds_nothing(story: Story, seconds: float) -> None:
    assert not story.step(seconds).held
    assert not story.sleep(abs(seconds)).held


@pytest.mark.parametrize(
    ("seconds", "word"), [(31, "ahead"), (0.9 * HOUR, "ahead"), (-31, "back"), (-2 * HOUR, "back")]
)
def test_a_step_settles_for_a_minute(story: Story, seconds: float, word: str) -> None:
    assert story.step(seconds).held
    assert word in story.course.unsettled()
    assert story.held_for() == GAP_SETTLE_SECONDS


@pytest.mark.parametrize("seconds", [HOUR + 31, 2 * HOUR, YEAR_2098])
def test_a_leap_ahead_must_stand_for_five_minutes(story: Story, seconds: float) -> None:
    assert story.step(seconds).held
    assert "leapt" in story.course.unsettled()
    assert story.held_for() == LEAP_SETTLE_SECONDS == 300


def test_a_leap_that_is_taken_back_is_over_at_once(story: Story) -> None:
    assert story.step(YEAR_2098).live(10).held
    assert not story.step(-YEAR_2098).held
    assert story.course.jumps == 2


def test_a_leap_that_is_taken_back_in_parts_is_over_when_it_is_back(story: Story) -> None:
    story.step(2 * HOUR).live(5).step(YEAR_2098).live(5)
    assert story.step(-YEAR_2098).held
    assert not story.step(-2 * HOUR + 5).held


def test_a_leap_that_is_taken_back_later_is_a_step_like_another(story: Story) -> None:
    story.step(2 * HOUR).live(LEAP_SETTLE_SECONDS + 1)
    assert story.step(-2 * HOUR).held
    assert story.held_for() == GAP_SETTLE_SECONDS


def test_a_machine_that_wakes_to_sleep_again_settles_each_time(story: Story) -> None:
    story.sleep(HOUR).live(30)
    assert story.sleep(40).held
    assert story.held_for() == GAP_SETTLE_SECONDS


def test_a_sleep_does_not_shorten_what_a_leap_holds(story: Story) -> None:
    story.step(2 * HOUR).live(10).sleep(40)
    assert story.held_for() == LEAP_SETTLE_SECONDS - 50


def test_a_paused_virtual_machine_is_a_leap(story: Story) -> None:
    """Neither clock went on, and then the time service set the wall clock."""
    assert story.step(10 * HOUR).held_for() == LEAP_SETTLE_SECONDS


@given(
    st.lists(
        st.tuples(st.sampled_from(["step", "sleep", "live"]), st.floats(-YEAR_2098, YEAR_2098)),
        max_size=20,
    )
)
def test_nothing_is_held_for_ever(deeds: list[tuple[str, float]]) -> None:
    story = Story().read()
    for deed, seconds in deeds:
        if deed == "step":
            story.step(seconds)
        elif deed == "sleep":
            story.sleep(abs(seconds))
        else:
            story.live(abs(seconds) % 100, every=20)
    assert story.held_for() <= LEAP_SETTLE_SECONDS


NOW = 1_800_000_000.0


def attempt(stepped_at: float, keyed_at: float) -> Attempt:
    return Attempt(
        id=1,
        session="s",
        number=1,
        text="go on",
        step=Step.ENTERING,
        opened_at=NOW,
        stepped_at=stepped_at,
        keyed_at=keyed_at,
    )


@pytest.mark.parametrize("keyed", [0.5, 0.0, -0.5], ids=["after", "with", "before"])
def test_stamps_that_lie_ahead_come_back_in_their_order(keyed: float) -> None:
    """Whether Enter was pressed is told by which of the two is the later one."""
    ahead = NOW + YEAR_2098
    ours = attempt_in_time(attempt(ahead, ahead + keyed), NOW)
    assert max(ours.stepped_at, ours.keyed_at) == NOW
    assert ours.keyed_at - ours.stepped_at == keyed


def test_what_the_wall_clock_did_while_nothing_happened(story: Story) -> None:
    def slipped() -> float:
        assert before is not None
        assert story.course.last is not None
        return story.course.last.slipped_since(before)

    before = story.course.last
    story.live(20)
    assert slipped() == pytest.approx(0.0)
    story.sleep(HOUR)
    assert slipped() == pytest.approx(HOUR)
    story.step(-HOUR - 5)
    assert slipped() == pytest.approx(-5.0)


@pytest.mark.parametrize("seconds", [-HOUR, 0, GAP_SECONDS])
def test_stamps_of_the_past_stay(seconds: float) -> None:
    given = attempt(NOW + seconds, 0.0)
    assert attempt_in_time(given, NOW) is given


def halt(not_before: float, said_at: float) -> Halt:
    limit = Limit(LimitKind.SERVER, "500", Source.TRANSCRIPT, said_at)
    return Halt(1, "s", "c", limit, "r", NOW, attempts=1, not_before=not_before)


def test_no_back_off_is_longer_than_it_would_be_now() -> None:
    after = halt_in_time(halt(NOW + YEAR_2098, NOW + YEAR_2098), NOW, 120)
    assert (after.not_before, after.limit.said_at) == (NOW + 120, NOW)


def test_a_back_off_of_today_stays() -> None:
    given = halt(NOW + 120, NOW - 60)
    assert halt_in_time(given, NOW, 120) is given
