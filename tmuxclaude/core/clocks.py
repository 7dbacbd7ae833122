"""Whether time passed as the clocks say: steps of the wall clock, and sleep of the machine.

A fold over readings of three clocks. The wall clock may be set by anybody, at any time, either way;
``monotonic`` never jumps and stands still while the machine sleeps; ``boottime`` never jumps and
goes on meanwhile. Pure: knows no clock itself, and nothing of what is done at what time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tmuxclaude.core.model import Attempt, Halt

GAP_SECONDS = 30.0
"""Sleep, or a step of the wall clock either way, that is longer than this is not overlooked."""

GAP_SETTLE_SECONDS = 60.0
"""How long nothing is sent after one: the network of a machine that just woke is not up yet."""

SLIP_SECONDS = 1.0
"""Sleep, or a step, that is longer than this counts for no wait of seconds."""

LEAP_SECONDS = 3600.0
"""A step forward that is longer than this is taken for a mistake until it stands."""

LEAP_SETTLE_SECONDS = 300.0
"""How long such a step must stand until it is believed."""


@dataclass(frozen=True, slots=True)
class Instant:
    """The three clocks, read at one moment, in seconds. ``wall``: UTC epoch."""

    wall: float
    monotonic: float
    boottime: float

    @property
    def offset(self) -> float:
        """What the wall clock adds to the time since boot; only a step changes it."""
        return self.wall - self.boottime

    def asleep_since(self, before: Instant) -> float:
        """How many seconds the machine slept between the two."""
        return (self.boottime - before.boottime) - (self.monotonic - before.monotonic)

    def slipped_since(self, before: Instant) -> float:
        """How many seconds the wall clock went on, or back, while nothing could happen: a sleep
        or a step of it."""
        return (self.wall - before.wall) - (self.monotonic - before.monotonic)


@dataclass(frozen=True, slots=True)
class Course:
    """What the readings so far tell.

    ``settle_until``: in seconds of ``boottime``; nothing is sent by itself before. ``why``: what
    happened, for people. ``jumps``: how many steps and sleeps there were. ``home``: the offset of
    the wall clock before it leapt ahead, while that leap is not believed.
    """

    last: Instant | None = None
    settle_until: float = 0.0
    why: str = ""
    jumps: int = 0
    home: float | None = None

    def unsettled(self) -> str:
        """Why nothing may be sent by itself now; empty when it may."""
        if self.last is None or self.last.boottime >= self.settle_until:
            return ""
        return self.why


def went_on(course: Course, now: Instant) -> Course:
    """The course after one more reading."""
    last = course.last
    if last is None:
        return replace(course, last=now)
    settled = now.boottime >= course.settle_until
    home = None if settled else course.home
    if home is not None and abs(now.offset - home) <= GAP_SECONDS:
        return Course(now, why="the clock is right again", jumps=course.jumps + 1)
    asleep = now.asleep_since(last)
    stepped = now.offset - last.offset
    if stepped > LEAP_SECONDS:
        why = f"the clock leapt ahead by {_span(stepped)}, and that must stand for 5 minutes"
        home = last.offset if home is None else home
        return _settles(course, now, LEAP_SETTLE_SECONDS, why, home)
    if abs(stepped) > GAP_SECONDS:
        why = f"the clock was set {'ahead' if stepped > 0 else 'back'} by {_span(abs(stepped))}"
        return _settles(course, now, GAP_SETTLE_SECONDS, why, home)
    if asleep > GAP_SECONDS:
        why = f"the machine slept for {_span(asleep)}"
        return _settles(course, now, GAP_SETTLE_SECONDS, why, home)
    return replace(course, last=now, home=home)


def shifted(attempt: Attempt, seconds: float) -> Attempt:
    """The attempt as if its last step and key were so much later. Their order is kept, for it tells
    whether a key was sent after the last step."""
    return replace(
        attempt, stepped_at=attempt.stepped_at + seconds, keyed_at=attempt.keyed_at + seconds
    )


def attempt_in_time(attempt: Attempt, now: float) -> Attempt:
    """The attempt without stamps that lie ahead, which a clock that was set back while no
    supervisor ran leaves behind."""
    ahead = max(attempt.stepped_at, attempt.keyed_at) - now
    return attempt if ahead <= GAP_SECONDS else shifted(attempt, -ahead)


def halt_in_time(halt: Halt, now: float, backoff: float) -> Halt:
    """The halt with a back-off that ends ``backoff`` seconds from now at the latest.

    A limit that was said in the future was said by a clock that was wrong: now is near enough.
    """
    if halt.not_before > now + backoff + GAP_SECONDS:
        halt = replace(halt, not_before=now + backoff)
    if halt.limit.said_at > now + LEAP_SECONDS:
        halt = replace(halt, limit=replace(halt.limit, said_at=now))
    return halt


def _settles(course: Course, now: Instant, seconds: float, why: str, home: float | None) -> Course:
    until = max(course.settle_until, now.boottime + seconds)
    return Course(now, until, why, course.jumps + 1, home)


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
