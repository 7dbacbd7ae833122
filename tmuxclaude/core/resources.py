"""What *we* impose on the resources of this machine: slots, memory, processors. Pure.

Memory is in bytes, the use of processors in percent of all of this machine's. A budget that is
exceeded is said once: it holds again only when the use has fallen well below it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tmuxclaude.core.model import Session, State
from tmuxclaude.core.rules import BudgetRules
from tmuxclaude.core.shown import size
from tmuxclaude.core.states import LIVING

MB = 1_000_000

CALM = 0.9
"""At this part of a budget what exceeded it counts as back within; a number of sessions does not
waver, so there it is the whole."""

NAMED = 3
"""How many sessions a sentence names."""


GRACE_SECONDS = 300.0
"""No session is stopped for a budget sooner after it was opened or has done anything."""


OVER = "over budget"
"""The kind of the events that say what is exceeded, and what was done for it."""

HELD = "held for it"
"""How the text of such an event begins that says that a session was held."""


class Budget(StrEnum):
    """What can be exceeded."""

    SESSION_MEMORY = "session memory"
    MEMORY = "memory"
    CPU = "cpu"
    SESSIONS = "number of sessions"


@dataclass(frozen=True, slots=True)
class Use:
    """What one session takes, its children included. ``None``: nobody knows, or not yet.

    ``trouble``: what is wrong with its process, in a word; empty when nothing is.
    """

    uid: str
    name: str
    account: str
    memory: int | None
    cpu: float | None = None
    trouble: str = ""

    def of(self, budget: Budget) -> float:
        """What is known to be taken of that budget."""
        if budget is Budget.SESSIONS:
            return 1.0
        return (self.cpu if budget is Budget.CPU else self.memory) or 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What the last look at the processes found. ``at``: UTC epoch; ``None`` before the first."""

    at: float | None = None
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Breach:
    """A budget that is exceeded. ``whose``: a session's uid, an account, empty for all of them.

    ``words`` say by how much and by whom; ``users``: by the uid of each whose use counts, how much,
    the greatest first. ``excess``: what is too much; none is left of it, or less, while the use has
    not fallen well below the budget again.
    """

    budget: Budget
    whose: str
    words: str = ""
    users: Mapping[str, float] = field(default_factory=dict)
    excess: float = 0.0

    @property
    def key(self) -> tuple[Budget, str]:
        return self.budget, self.whose


def breaches(
    uses: Collection[Use], rules: BudgetRules, standing: Collection[tuple[Budget, str]]
) -> list[Breach]:
    """The budgets that are exceeded, ``standing`` ones as long as they are not well below.

    One whose use nobody knows yet, as after a start of the supervisor, stands without ``users``.
    """
    found = [
        _breach(Budget.SESSION_MEMORY, one.uid, [one], rules.session_memory_mb * MB, standing)
        for one in uses
    ]
    accounts = sorted({one.account for one in uses})
    groups = {"": list(uses)} | {a: [one for one in uses if one.account == a] for a in accounts}
    for whose, group in groups.items():
        memory = rules.account_memory_mb if whose else rules.memory_mb
        cpu = rules.account_cpu_percent if whose else rules.cpu_percent
        found.append(_breach(Budget.MEMORY, whose, group, memory * MB, standing))
        found.append(_breach(Budget.CPU, whose, group, cpu, standing))
        slots = rules.account_sessions if whose else rules.sessions
        found.append(_breach(Budget.SESSIONS, whose, group, slots, standing))
    return [breach for breach in found if breach is not None]


def _breach(
    budget: Budget,
    whose: str,
    uses: list[Use],
    allowed: float,
    standing: Collection[tuple[Budget, str]],
) -> Breach | None:
    stands = (budget, whose) in standing
    if stands and allowed and uses and budget is Budget.CPU and all(u.cpu is None for u in uses):
        return Breach(budget, whose)
    total = sum(one.of(budget) for one in uses)
    calm = CALM if stands and budget is not Budget.SESSIONS else 1
    if not allowed or total <= allowed * calm:
        return None
    users = sorted(uses, key=lambda one: one.of(budget), reverse=True)
    takes = {one.uid: one.of(budget) for one in users}
    words = _words(budget, whose, total, allowed, users)
    return Breach(budget, whose, words, takes, total - allowed)


def _words(budget: Budget, whose: str, total: float, allowed: float, users: list[Use]) -> str:
    if budget is Budget.SESSIONS:
        key, of = ("account_sessions", f" of {whose}") if whose else ("sessions", "")
        return f"{len(users)} sessions{of} run, more than budget.{key} ({allowed}) allows"
    if budget is Budget.SESSION_MEMORY:
        return f"it takes {shown(budget, total)}, more than budget.session_memory_mb allows"
    key = "cpu_percent" if budget is Budget.CPU else "memory_mb"
    key, who = (f"account_{key}", f"the sessions of {whose}") if whose else (key, "the sessions")
    most = ", ".join(f"{one.name} {shown(budget, one.of(budget))}" for one in users[:NAMED])
    return f"{who} take {shown(budget, total)}, more than budget.{key} allows; most: {most}"


def shown(budget: Budget, value: float) -> str:
    """An amount for people: ``612 MB``, ``2.3 GB``, ``85 %``."""
    if budget is Budget.CPU:
        return f"{value:.0f} %"
    return size(value)


def action(budget: Budget, rules: BudgetRules) -> str:
    """What becomes of who exceeds this budget: ``warn``, ``hold`` or ``stop``."""
    match budget:
        case Budget.SESSION_MEMORY:
            return rules.over_session_memory
        case Budget.MEMORY:
            return rules.over_memory
        case Budget.CPU:
            return rules.over_cpu
        case Budget.SESSIONS:
            return rules.over_sessions


@dataclass(slots=True)
class Meter:
    """The use of processors of one process tree over a while: a few readings of what it used."""

    _readings: deque[tuple[float, float]] = field(default_factory=deque)

    def read(self, at: float, used: float, seconds: float, processors: int) -> float | None:
        """The percentage over the last ``seconds``; ``None`` before so long was measured.

        ``at`` is monotonic; ``used``: the seconds of one processor that it has used up to then.
        """
        self._readings.append((at, used))
        while len(self._readings) > 2 and self._readings[1][0] <= at - seconds:
            self._readings.popleft()
        began, before = self._readings[0]
        if at - began < seconds:
            return None
        return max(0.0, used - before) / (at - began) / processors * 100


# -- slots -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Full:
    """No slot is free. ``key`` names the budget, ``allowed`` is its number."""

    key: str
    allowed: int
    account: str
    running: tuple[Session, ...]


def full(sessions: Iterable[Session], account: str, rules: BudgetRules) -> Full | None:
    """Which budget leaves no slot for one more session of ``account``; ``None`` when none does.

    What has a process takes a slot; what is lost, queued or ended has none.
    """
    running = tuple(session for session in sessions if session.state in LIVING)
    own = tuple(session for session in running if session.account == account)
    if rules.sessions and len(running) >= rules.sessions:
        return Full("sessions", rules.sessions, account, running)
    if rules.account_sessions and len(own) >= rules.account_sessions:
        return Full("account_sessions", rules.account_sessions, account, own)
    return None


def refusal(found: Full, active: Mapping[str, float]) -> str:
    """Why nothing was started, whom to end for it, and the ways on.

    ``active``: when each session, by its uid, last did anything.
    """
    idle = [one for one in found.running if one.state is State.IDLE]
    idlest = sorted(idle, key=lambda one: max(active.get(one.uid, 0.0), one.since))[:NAMED]
    names = ", ".join(one.name for one in idlest) or "none is idle"
    return (
        f"{len(found.running)} sessions run, and budget.{found.key} is {found.allowed}; nothing "
        f"was started. Idle for longest: {names}; to end one: tmuxclaude stop NAME. To wait for "
        "a free slot: --wait; to start all the same: --force; to allow more: tmuxclaude config "
        f"set budget.{found.key} {found.allowed + 10}"
    )


def next_ones(
    waiting: Iterable[Session], sessions: Collection[Session], rules: BudgetRules
) -> list[Session]:
    """Those of the sessions that wait for a slot whose turn it is, who came first goes first."""
    begun = list(sessions)
    found = []
    for session in sorted(waiting, key=lambda one: (one.created_at, one.uid)):
        if full(begun, session.account, rules) is None:
            found.append(session)
            begun.append(replace(session, state=State.STARTING))
    return found
