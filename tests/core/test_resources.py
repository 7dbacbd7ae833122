"""Which budget is exceeded, by whom, and whether a slot is free."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tmuxclaude.core import resources
from tmuxclaude.core.model import Launch, Session, State
from tmuxclaude.core.resources import MB, Budget, Meter, Use
from tmuxclaude.core.rules import BudgetRules

RULES = BudgetRules(
    session_memory_mb=500,
    memory_mb=2000,
    cpu_percent=80,
    account_memory_mb=900,
    account_cpu_percent=50,
)


def use(name: str, memory: int = 0, cpu: float | None = None, account: str = "/a") -> Use:
    return Use(f"uid of {name}", name, account, memory * MB, cpu)


def keys(uses: list[Use], rules: BudgetRules = RULES, *standing: tuple[Budget, str]) -> list[str]:
    return [f"{b.budget} {b.whose}".strip() for b in resources.breaches(uses, rules, standing)]


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ([], []),
        ([use("one", 500)], []),
        ([use("one", 501)], ["session memory uid of one"]),
        ([use(f"s{n}", 400, account=f"/{n}") for n in range(5)], []),
        ([use(f"s{n}", 401, account=f"/{n}") for n in range(5)], ["memory"]),
        ([use("one", 450), use("two", 451), use("other", 400, None, "/b")], ["memory /a"]),
        ([use("one", cpu=45, account="/a"), use("two", cpu=36, account="/b")], ["cpu"]),
        ([use("one", cpu=51), use("two")], ["cpu /a"]),
    ],
)
def test_each_budget_and_whose_it_is(uses: list[Use], expected: list[str]) -> None:
    assert keys(uses) == expected
    nothing = BudgetRules(session_memory_mb=0, memory_mb=0, cpu_percent=0)
    assert keys(uses, nothing) == []


def test_a_breach_stands_until_it_is_well_below() -> None:
    key = (Budget.SESSION_MEMORY, "uid of one")
    assert keys([use("one", 499)]) == []
    assert keys([use("one", 499)], RULES, key) == ["session memory uid of one"]
    assert keys([use("one", 450)], RULES, key) == []
    assert keys([use("one", 499)], RULES, (Budget.SESSION_MEMORY, "uid of two")) == []


def test_more_sessions_than_may_run_are_a_breach_until_as_many_run() -> None:
    rules = BudgetRules(sessions=3, account_sessions=2, session_memory_mb=0)
    many = [use(name) for name in ("one", "two", "three")]
    other = use("other", account="/b")
    assert keys(many[:2], rules) == []
    assert keys(many, rules) == ["number of sessions /a"]
    all_of_them, of_one = resources.breaches([*many, other], rules, ())
    assert all_of_them.words == "4 sessions run, more than budget.sessions (3) allows"
    words = "3 sessions of /a run, more than budget.account_sessions (2) allows"
    assert of_one.words == words
    assert (all_of_them.excess, of_one.excess) == (1, 1)
    stands = (Budget.SESSIONS, "")
    assert keys([many[0], other, use("else", account="/c")], rules, stands) == []
    assert resources.action(Budget.SESSIONS, rules) == "warn"


def test_what_nobody_knows_yet_changes_nothing() -> None:
    key = (Budget.CPU, "")
    [stands] = resources.breaches([use("one"), use("two")], RULES, [key])
    assert (stands.key, stands.users, stands.excess) == (key, {}, 0)
    assert keys([use("one"), use("two")]) == []
    assert keys([use("one"), use("two", cpu=5)], RULES, key) == []
    assert keys([], RULES, key) == []
    assert keys([use("one")], BudgetRules(cpu_percent=0), key) == []


def test_memory_that_nobody_knows_counts_for_nothing() -> None:
    unknown = Use("uid of one", "one", "/a", None)
    assert keys([unknown]) == []
    assert keys([unknown, use("two", 901)]) == ["session memory uid of two", "memory /a"]


def test_it_says_how_much_who_most_and_which_key() -> None:
    [session, total] = resources.breaches([use("one", 2400), use("two", 30)], BudgetRules(), ())
    assert session.words == "it takes 2.4 GB, more than budget.session_memory_mb allows"
    assert "the sessions take 2.4 GB, more than budget.memory_mb allows" in total.words
    assert "most: one 2.4 GB, two 30 MB" in total.words
    assert list(total.users.items()) == [("uid of one", 2400 * MB), ("uid of two", 30 * MB)]
    assert (session.excess, total.excess) == (1900 * MB, 430 * MB)
    [cpu] = resources.breaches([use("one", cpu=52.4)], RULES, ())
    assert "the sessions of /a take 52 %, more than budget.account_cpu_percent" in cpu.words


def test_what_follows_is_chosen_for_each() -> None:
    rules = BudgetRules(over_session_memory="hold", over_memory="stop")
    assert [resources.action(budget, rules) for budget in Budget] == [
        *("hold", "stop", "warn", "warn")
    ]


def test_processors_are_measured_over_the_whole_time() -> None:
    meter = Meter()
    read = [meter.read(float(at), used, 60, 2) for at, used in ((0, 10), (30, 40), (59, 69))]
    assert read == [None, None, None]
    assert meter.read(60, 70, 60, 2) == pytest.approx(50)
    assert meter.read(90, 70, 60, 2) == pytest.approx(25)
    assert meter.read(150, 60, 60, 2) == 0


def session(name: str, state: State = State.IDLE, account: str = "/a", at: float = 0.0) -> Session:
    launch = Launch(("claude",))
    return Session(name, name, "/", account, launch, state, at, created_at=at)


def test_what_has_a_process_takes_a_slot() -> None:
    rules = BudgetRules(sessions=3, account_sessions=2)
    living = [session("a"), session("b", State.WORKING, "/b")]
    others = [session(str(state), state) for state in (State.LOST, State.QUEUED, State.ENDED)]
    assert resources.full([*living, *others], "/a", rules) is None
    own = resources.full([*living, session("c")], "/b", replace(rules, sessions=0))
    assert own is None
    full = resources.full([*living, session("c")], "/a", replace(rules, sessions=0))
    assert full is not None
    assert (full.key, full.allowed) == ("account_sessions", 2)
    full = resources.full([*living, session("c", State.WAITING)], "/b", rules)
    assert full is not None
    assert (full.key, len(full.running)) == ("sessions", 3)
    assert resources.full(living * 200, "/a", BudgetRules(sessions=0)) is None


def test_the_refusal_names_the_idlest_and_the_ways_on() -> None:
    kept = [
        session("new", at=90),
        session("old", at=10),
        session("worker", State.WORKING, at=1),
        session("used", at=20),
    ]
    full = resources.full(kept, "/a", BudgetRules(sessions=4))
    assert full is not None
    words = resources.refusal(full, {"used": 80.0, "old": 15.0})
    assert "4 sessions run, and budget.sessions is 4" in words
    assert "Idle for longest: old, used, new;" in words
    for way in ("tmuxclaude stop NAME", "--wait", "--force", "config set budget.sessions 14"):
        assert way in words


def test_who_waited_longest_gets_the_free_slot() -> None:
    waiting = [session(name, State.QUEUED, at=at) for name, at in (("b", 2), ("a", 1), ("c", 3))]
    kept = [session("one"), *waiting]
    names = [one.name for one in resources.next_ones(waiting, kept, BudgetRules(sessions=3))]
    assert names == ["a", "b"]
    assert resources.next_ones(waiting, kept, BudgetRules(sessions=1)) == []
