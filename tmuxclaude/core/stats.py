"""Figures over time: what sessions worked, what they waited, and what resumes saved. Pure.

Made of what is remembered anyway: events, halts, checkpoints, and what transcripts tell of each
quarter of an hour. Nothing is guessed: a session works while its state says so and somebody
watched. Instants are UTC epoch seconds, lengths are seconds, and sessions that ran side by side are
added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from tmuxclaude.core import hours
from tmuxclaude.core.conversations import QUARTER
from tmuxclaude.core.model import Actor, LimitKind, Remedy, State
from tmuxclaude.core.policy import REMEDY

UNWATCHED = "unwatched"
"""The kind of event that says since when (``evidence["since"]``) nobody had watched until then."""

BACK = "back"
"""The kind of event that says when the user typed first after a resume (``evidence["halt"]``)."""

KINDS = ("state", UNWATCHED, BACK)
"""The kinds of events that the figures rest on."""

NO_RESUMES = frozenset({"the session ended", "a new conversation was begun"})
"""Outcomes of a halt (``supervisor/halting``) after which nothing went on where it had stopped."""

HOUR = 3600.0

Row = Mapping[str, Any]
Span = tuple[float, float]
Quarters = Mapping[str, tuple[tuple[int, int, int], ...]]


class By(StrEnum):
    """What the figures are told apart by. Sessions are those of one name."""

    SESSION = "session"
    DAY = "day"
    ACCOUNT = "account"
    DIRECTORY = "directory"


@dataclass(slots=True)
class Figures:
    """``sessions``: how many had any part in it.

    ``turns``: prompts, whoever gave them. ``tokens``: what the model was given anew and what it
    wrote; what it read again from its cache is not counted. ``worked``: while a turn ran and a
    supervisor watched. ``waited``: from the word of a limit that resets to the end of its halt.
    ``saved``: of each resume of ours, from the reset (where none is known, from the end of the
    halt) until the user typed again; while that has not happened, until it last worked; never
    beyond the next halt. ``by_us``, ``by_claude``, ``by_you``: who resumed. ``checkpoints``: taken.
    """

    sessions: int = 0
    turns: int = 0
    tokens: int = 0
    worked: float = 0.0
    waited: float = 0.0
    saved: float = 0.0
    by_us: int = 0
    by_claude: int = 0
    by_you: int = 0
    checkpoints: int = 0


FIGURES = tuple(field.name for field in fields(Figures))

_BY_WHOM = {Actor.US: "by_us", Actor.CLAUDE: "by_claude", Actor.YOU: "by_you"}


@dataclass(frozen=True, slots=True)
class Material:
    """Rows as ``store/statistics`` gives them, events and halts in the order of their ids.

    ``quarters``: of each conversation, as in ``core/conversations``.
    """

    sessions: Sequence[Row]
    links: Sequence[Row]
    events: Sequence[Row]
    halts: Sequence[Row]
    checkpoints: Sequence[Row]
    quarters: Quarters


@dataclass(frozen=True, slots=True)
class Part:
    """Something that counts: ``amount`` of ``figure`` at ``begin``, or its length up to ``end``."""

    figure: str
    session: str
    begin: float
    end: float | None = None
    amount: int = 0
    account: str = ""
    directory: str = ""


def figures(
    material: Material, since: float, until: float, by: By, zone: str
) -> tuple[list[tuple[str, Figures]], Figures]:
    """The figures from ``since`` to ``until``, and their total.

    Days are those of ``zone``, each of them there, oldest first; the rest is sorted by the hours
    worked. A span that began before counts from ``since`` on; a count counts when it happened.
    """
    known = {row["uid"]: row for row in material.sessions}
    cut = [one for part in parts(material, until) for one in _cut(part, since, until)]
    if by is By.DAY:
        cut = [one for part in cut for one in _by_days(part, zone)]
    groups: dict[str, list[Part]] = defaultdict(list)
    for part in cut:
        key = _key(part, by, known, zone)
        if key:
            groups[key].append(part)
    found = {key: _sum(group) for key, group in groups.items()}
    if by is By.DAY:
        return [(day, found.get(day, Figures())) for day in _days(since, until, zone)], _sum(cut)
    ordered = sorted(found.items(), key=lambda one: (-one[1].worked, -one[1].turns, one[0]))
    return ordered, _sum(cut)


def parts(material: Material, now: float) -> list[Part]:
    """Everything that counts, of all time."""
    gaps = _unwatched(material.events)
    events, halts = _of_sessions(material.events), _of_sessions(material.halts)
    found = []
    for session in material.sessions:
        uid = session["uid"]
        worked = list(_watched(_worked(session, events[uid], now), gaps))
        found.append(Part("sessions", uid, session["created_at"]))
        found += [Part("worked", uid, *span) for span in worked]
        found += _of_halts(uid, halts[uid], events[uid], worked, now)
    found += _of_transcripts(material)
    for row in material.checkpoints:
        where = {"account": row["account"], "directory": row["directory"]}
        found.append(Part("checkpoints", row["session"], row["taken_at"], amount=1, **where))
    return found


# -- spans of work ---------------------------------------------------------------------------------


def state_of(text: str) -> str:
    """The state that an event of the kind ``state`` leads to: ``idle → lost: why`` to ``lost``."""
    return text.rpartition("→ ")[2].partition(":")[0].strip()


def _worked(session: Row, events: Iterable[Row], now: float) -> Iterator[Span]:
    began = None
    for event in events:
        if event["kind"] == "state":
            if began is not None:
                yield began, event["at"]
            began = event["at"] if state_of(event["text"]) == State.WORKING else None
    if began is not None:
        yield began, now if session["state"] == State.WORKING else session["since"]


def _unwatched(events: Iterable[Row]) -> list[Span]:
    found = ((event["evidence"].get("since"), event["at"]) for event in events)
    return sorted((a, b) for a, b in found if isinstance(a, (int, float)) and a < b)


def _watched(spans: Iterable[Span], gaps: list[Span]) -> Iterator[Span]:
    """The spans without the times when nobody watched."""
    for begin, end in spans:
        for gap_begin, gap_end in gaps:
            if gap_end <= begin or gap_begin >= end:
                continue
            if begin < gap_begin:
                yield begin, gap_begin
            begin = max(begin, gap_end)
        if begin < end:
            yield begin, end


# -- halts -----------------------------------------------------------------------------------------


def _of_halts(
    uid: str, halts: list[Row], events: list[Row], worked: list[Span], now: float
) -> Iterator[Part]:
    backs = {e["evidence"].get("halt"): e["at"] for e in reversed(events) if e["kind"] == BACK}
    for number, halt in enumerate(halts):
        said, ended = min(halt["limit_said_at"], halt["opened_at"]), halt["ended_at"]
        kind = halt["limit_kind"]
        if kind in tuple(LimitKind) and REMEDY[LimitKind(kind)] is Remedy.RESET:
            yield Part("waited", uid, said, now if ended is None else ended)
        if ended is None or halt["ended_by"] not in _BY_WHOM or halt["outcome"] in NO_RESUMES:
            continue
        yield Part(_BY_WHOM[Actor(halt["ended_by"])], uid, ended, amount=1)
        if halt["ended_by"] == Actor.US:
            later = halts[number + 1 :]
            following = min(later[0]["limit_said_at"], later[0]["opened_at"]) if later else now
            begin = max(said, halt["limit_resets_at"] or ended)
            last = max((end for start, end in worked if start < following), default=begin)
            yield Part("saved", uid, begin, min(backs.get(halt["id"], last), following))


# -- transcripts -----------------------------------------------------------------------------------


def _of_transcripts(material: Material) -> Iterator[Part]:
    """Turns and tokens, each with the session that had the conversation then."""
    links: dict[str, list[Row]] = defaultdict(list)
    for link in material.links:
        links[link["conversation"].lower()].append(link)
    for conversation, told in material.quarters.items():
        owners = sorted(links.get(conversation, ()), key=lambda link: link["began_at"])
        for quarter, turns, tokens in told if owners else ():
            at = quarter * QUARTER
            before = [one for one in owners if one["began_at"] < at + QUARTER]
            uid = (before or owners)[-1 if before else 0]["session"]
            yield Part("turns", uid, at, amount=turns)
            yield Part("tokens", uid, at, amount=tokens)


# -- in groups -------------------------------------------------------------------------------------


def _of_sessions(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["session"]].append(row)
    return found


def _cut(part: Part, since: float, until: float) -> Iterator[Part]:
    if part.end is not None:
        begin, end = max(part.begin, since), min(part.end, until)
        if begin < end:
            yield Part(part.figure, part.session, begin, end)
    elif since - (QUARTER if part.figure in ("turns", "tokens") else 0) < part.begin <= until:
        yield part


def _by_days(part: Part, zone: str) -> Iterator[Part]:
    begin, end = part.begin, part.end
    while end is not None and begin < end:
        midnight = hours.day_of(begin, zone)[1]
        yield Part(part.figure, part.session, begin, min(end, midnight))
        begin = midnight
    if end is None:
        yield part


def _key(part: Part, by: By, known: Mapping[str, Row], zone: str) -> str:
    session = known.get(part.session)
    match by:
        case By.DAY:
            return _day(part.begin, zone)
        case By.SESSION:
            return str(session["name"]) if session is not None else ""
        case By.ACCOUNT:
            return str(session["account"]) if session is not None else part.account
        case By.DIRECTORY:
            return str(session["directory"]) if session is not None else part.directory


def _day(at: float, zone: str) -> str:
    return f"{datetime.fromtimestamp(at, hours.place(zone)):%Y-%m-%d}"


def _days(since: float, until: float, zone: str) -> Iterator[str]:
    at = since
    while at < until:
        yield _day(at, zone)
        at = hours.day_of(at, zone)[1]


def _sum(group: Iterable[Part]) -> Figures:
    found, sessions = Figures(), set()
    for part in group:
        sessions.add(part.session)
        if part.figure != "sessions":
            more = part.amount if part.end is None else part.end - part.begin
            setattr(found, part.figure, getattr(found, part.figure) + more)
    found.sessions = len(sessions - {""})
    return found
