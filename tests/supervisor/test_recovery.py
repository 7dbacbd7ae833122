"""kill -9, reboot, reused pids, zombies, stopped and crashing programs: who is who afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.api.home import is_gone
from tests.supervisor.house import OURS, TASK, House, Seat
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.edges.processes import identify

Report = Callable[[str, object], None]


def pid(house: House) -> int:
    """The supervisor's; 0 while none answers."""
    try:
        return house.ask(wire.Ping(), wire.Pong).pid
    except Exception:  # noqa: BLE001 - not yet
        return 0


def looked_at(house: House, seat: Seat) -> bool:
    """Whether the supervisor that runs has seen this session's process."""
    try:
        lines = house.ask(wire.Explain(name=seat.name), wire.Explained).evidence
    except Exception:  # noqa: BLE001 - not yet
        return False
    return "process: alive" in lines


@pytest.fixture
def kept_house(closed_house: House) -> Iterator[House]:
    """The supervisor runs as its users run it, with a keeper that brings it back."""
    assert closed_house.run("supervisor", "start").returncode == 0
    yield closed_house
    closed_house.run("supervisor", "stop")


def test_killed_it_is_back_and_all_sessions_are_found(
    kept_house: House, record_property: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    house = kept_house
    seats = [house.new(name).idle() for name in ("one", "two", "three")]
    before = [(seat.row(), seat.events()) for seat in seats]
    first = pid(house)
    began = time.monotonic()
    os.kill(first, signal.SIGKILL)
    until(lambda: pid(house) not in (0, first), every=0.005)
    back = time.monotonic() - began
    until(lambda: all(looked_at(house, seat) for seat in seats))
    found = time.monotonic() - began
    assert [(seat.row(), seat.events()) for seat in seats] == before
    assert [len(seat.log("start")) for seat in seats] == [1, 1, 1]
    for words, seconds in (("supervisor back", back), ("sessions found again", found)):
        record_property(f"{words} after kill -9, s", round(seconds, 2))
        with capsys.disabled():
            sys.stdout.write(f"\n{words} after kill -9: {seconds:.2f} s\n")


def test_a_tmux_server_whose_pid_is_somebody_elses_by_now_is_gone(house: House) -> None:
    seat = house.limited("gone")
    house.stop()
    house.server.kill()
    with house.books() as books:
        session = books.sessions.get(seat.uid)
        assert session is not None
        assert session.pane is not None
        server = session.pane.server
        until(lambda: time.time() > server.started + 4)
        other = os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "1000")
        reused = replace(session.pane, server=replace(server, pid=other))
        books.sessions.save(replace(session, pane=reused))
    try:
        house.start()
        seat.is_("lost")
        house.let_it_be_due()
        until(lambda: seat.turns() == [TASK, OURS])  # in a pane of a new server
    finally:
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)


def test_a_tmux_server_whose_socket_was_removed_lives_on_whatever_the_clock_says(
    house: House,
) -> None:
    seat = house.new("alive").idle()
    house.stop()
    with house.books() as books:
        session = books.sessions.get(seat.uid)
        assert session is not None
        assert session.pane is not None
        early = replace(session.pane.server, started=session.pane.server.started - 3600)
        books.sessions.save(replace(session, pane=replace(session.pane, server=early)))
    Path(house.server.socket).rename(house.home / "removed")
    try:
        house.start()
        seat.never(lambda: seat.state == "lost", 2.0)
    finally:
        (house.home / "removed").rename(house.server.socket)


@pytest.mark.parametrize("what", ["another boot", "another process of that pid"])
def test_who_is_recorded_is_not_taken_for_who_has_the_pid_now(house: House, what: str) -> None:
    seat = house.limited("reused")
    house.stop()
    other = os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "1000")
    try:
        innocent = identify(other)
        assert innocent is not None
        was = (
            replace(innocent, boot="0")
            if what == "another boot"
            else replace(innocent, started="1")
        )
        with house.books() as books:
            session = books.sessions.get(seat.uid)
            assert session is not None
            books.sessions.save(replace(session, process=was))
        house.start()
        seat.is_("lost")
        assert house.run("stop", "reused", "--now").returncode == 0
        seat.is_("ended")
        assert os.waitpid(other, os.WNOHANG) == (0, 0)
    finally:
        os.kill(other, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(other, 0)


def test_a_stopped_claude_code_gets_no_key(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = house.program

    def behind_a_launcher(name: str, **part: object) -> Path:
        """tmux continues at once what it started itself (tmux 3.3a), but no child of that."""
        program = plain(name, **part)
        program.write_text(program.read_text().replace("\nexec ", "\n") + "exit $?\n")
        return program

    monkeypatch.setattr(house, "program", behind_a_launcher)
    seat = house.limited("stopped")
    seat.close_menu()
    claude = process_of(seat)
    assert claude != seat.pid()
    before = seat.keys()
    os.kill(claude, signal.SIGSTOP)
    house.let_it_be_due()
    until(lambda: "stopped" in seat.why(), what=seat.story)
    seat.never(lambda: seat.keys() != before)
    os.kill(claude, signal.SIGCONT)
    seat.has_turns(TASK, OURS)


def process_of(seat: Seat) -> int:
    """The process of Claude Code, as the registry files say."""
    [file] = (seat.house.home / ".claude" / "sessions").glob("*.json")
    return int(file.stem)


_BAD_WATCH = """
import sys
sys.path.insert(0, {root!r})
from tmuxclaude.supervisor import decide
real = decide.decide
def decided(books, session, *rest):
    if session.name == "bad":
        raise ZeroDivisionError("a mistake of ours")
    return real(books, session, *rest)
decide.decide = decided
"""


def test_a_mistake_about_one_session_costs_the_others_nothing(
    closed_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = closed_house
    plain = house.env()
    folder = house.home / "mistake"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_BAD_WATCH.format(root=plain["PYTHONPATH"]))
    path = f"{folder}:{plain['PYTHONPATH']}"
    monkeypatch.setattr(house, "env", lambda: plain | {"PYTHONPATH": path})
    house.start()
    bad = house.new("bad")
    good = house.limited("good")
    house.let_it_be_due()
    good.has_turns(TASK, OURS)
    assert bad.state == "starting"
    assert f"session {bad.uid} was left as it is" in house.log()
    assert "a mistake of ours" in house.run("status").stdout
    monkeypatch.setattr(house, "env", lambda: plain)
    house.stop()
    house.start()
    bad.idle()


# Its end


def keeper_of(supervisor: int) -> psutil.Process:
    found = psutil.Process(supervisor).parent()
    assert found is not None
    assert "tmuxclaude-keeper" in found.cmdline()
    return found


def brought_back(keeper: psutil.Process) -> psutil.Process | None:
    with suppress(psutil.Error):
        return next((one for one in keeper.children() if "run" in one.cmdline()), None)
    return None


@pytest.mark.parametrize("when", ["it runs", "it is being brought back"])
def test_without_its_home_it_ends_and_so_does_its_keeper(kept_house: House, when: str) -> None:
    state = kept_house.paths.state_dir
    supervisor = psutil.Process(pid(kept_house))
    keeper = keeper_of(supervisor.pid)
    if when != "it runs":
        supervisor.kill()
    state.rename(state.with_name("away"))
    until(lambda: is_gone(supervisor) and is_gone(keeper), what=kept_house.log)
    assert not state.exists()


_SLOW_START = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
def wait(*_):
    while Path({gate!r}).exists():
        time.sleep(0.01)
if sys.orig_argv[-2:] == ["supervisor", "run"]:
    {when}
"""
_WHEN = {
    "before it has begun": "wait()",
    "before it listens": "from tmuxclaude.api import server; begin = server.Server.__init__; "
    "server.Server.__init__ = lambda *given: (wait(), begin(*given))[1]",
}


@pytest.mark.parametrize("when", _WHEN)
def test_stopped_while_it_is_brought_back_it_stays_down(
    closed_house: House, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, plain = closed_house, closed_house.env()
    gate, folder = house.home / "gate", house.home / "slow"
    folder.mkdir()
    given = _SLOW_START.format(root=plain["PYTHONPATH"], gate=str(gate), when=_WHEN[when])
    (folder / "sitecustomize.py").write_text(given)
    path = f"{folder}:{plain['PYTHONPATH']}"
    monkeypatch.setattr(house, "env", lambda: plain | {"PYTHONPATH": path})
    assert house.run("supervisor", "start").returncode == 0
    first = psutil.Process(pid(house))
    keeper = keeper_of(first.pid)
    gate.touch()
    first.kill()
    until(lambda: is_gone(first))
    second = until(lambda: brought_back(keeper))
    assert second is not None
    if when == "before it listens":
        until(lambda: house.paths.lock.read_text().startswith(f"{second.pid}\n"))
    assert house.run("supervisor", "stop").stdout == "No supervisor was running.\n"
    gate.unlink()
    until(lambda: is_gone(second) and is_gone(keeper), what=house.log)
    assert pid(house) == 0
    assert house.run("supervisor", "start").returncode == 0
    assert house.run("supervisor", "stop").stdout.startswith("The supervisor has ended.")


def test_a_runtime_directory_that_is_cleared_is_made_again(house: House) -> None:
    seat = house.new("one").idle()
    same, runtime = pid(house), house.paths.runtime_dir
    shutil.rmtree(runtime)
    runtime.touch()  # nothing can be made in its place for now
    assert pid(house) == 0
    runtime.unlink()
    until(lambda: pid(house) == same, what=house.log)
    seat.say("hello")
    until(lambda: seat.turns(), what=seat.story)
    assert house.paths.socket.stat().st_mode & 0o777 == 0o600
    assert "failed" not in house.log()
