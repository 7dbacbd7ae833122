"""resources: what is taken, what is free, and what nobody knows."""

from __future__ import annotations

from dataclasses import replace

from tests.api.house import NOW, House
from tmuxclaude.api import wire
from tmuxclaude.core.model import State
from tmuxclaude.core.resources import MB, Figures, Use
from tmuxclaude.core.rules import BudgetRules, Rules

HERE, WORK = "/home/ann/.claude", "/home/ann/.claude-work"


def test_what_is_not_known_is_not_nothing(house: House) -> None:
    nothing = house.ask(wire.Resources())
    assert (nothing.measured_at, nothing.sessions, nothing.accounts) == (None, [], [])
    assert (nothing.total.slots_free, nothing.total.memory_bytes) == (10, 0)
    house.keep("api", State.IDLE)
    found = house.ask(wire.Resources())
    [one] = found.sessions
    assert one == wire.UseView(uid="uid-api", name="api", account=HERE)
    assert (one.memory_bytes, one.cpu_percent, one.health, one.measured_at) == (None,) * 4
    assert (found.total.slots_free, found.total.memory_bytes) == (9, None)
    assert house.ask(wire.Show(name="api")).resources == one


def test_what_is_taken_and_free_of_each_account_and_in_all(house: House) -> None:
    budget = replace(BudgetRules(), sessions=3, account_sessions=1, account_memory_mb=900)
    house.watch.rules = Rules(budget=replace(budget, cpu_percent=0))
    house.keep("api", State.IDLE)
    house.keep("web", State.WORKING)
    house.keep("job", State.LIMITED, account=WORK)
    for state in (State.LOST, State.QUEUED, State.ENDED):
        house.keep(str(state), state)
    uses = (
        Use("uid-api", "its name before", HERE, 300 * MB, 12.5, "stopped"),
        Use("uid-job", "job", WORK, None, 2.5),
        Use("uid-lost", "lost", HERE, 999 * MB, 99.0),
    )
    house.figures = Figures(NOW, uses)
    found = house.ask(wire.Resources())
    assert found.measured_at == NOW
    assert [(one.name, one.memory_bytes, one.cpu_percent) for one in found.sessions] == [
        ("api", 300 * MB, 12.5),
        ("web", None, None),
        ("job", None, 2.5),
    ]
    assert [one.health for one in found.sessions] == ["stopped", None, "well"]
    assert found.total == wire.ShareView(
        account="",
        slots_taken=3,
        slots_free=0,
        slots_allowed=3,
        memory_bytes=300 * MB,
        memory_bytes_allowed=2000 * MB,
        cpu_percent=15.0,
        cpu_percent_allowed=None,
    )
    here, work = found.accounts
    assert (here.account, here.slots_taken, here.slots_free) == (HERE, 2, 0)
    assert (here.memory_bytes, here.memory_bytes_allowed) == (300 * MB, 900 * MB)
    assert (work.account, work.slots_free, work.memory_bytes) == (WORK, 0, None)
    assert house.ask(wire.Show(name="lost")).resources is None
