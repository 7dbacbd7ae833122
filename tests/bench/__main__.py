"""Measures what a tick, a command, a start and the memory cost, beside the least possible.

python -m tests.bench [ROUNDS]
"""

from __future__ import annotations

import logging
import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
import time
from functools import partial
from pathlib import Path

import psutil

from tests.bench import checkpoints, popup, roundtrip, scanning, wrapping
from tests.bench.measure import Cases, Figure, interleaved, load, processor, table, wall
from tests.bench.town import Town
from tmuxclaude.supervisor.loop import Loop

SIZES = (10, 100, 300)
CLIENTS = (1, 32)
QUESTIONS = 20_000
TICK, BARE, NAIVE = "tmuxclaude", "bare list-panes", "capture-pane for each pane"
MEGA = 1024 * 1024
CALM_SECONDS = 4.0
SETTLE_SECONDS = 8.0


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    logging.basicConfig(level=logging.WARNING)
    version = subprocess.run(["tmux", "-V"], capture_output=True, text=True, check=True).stdout
    print(f"{version.strip()}, Python {platform.python_version()}, {platform.platform()}")
    print(f"median (least-most) of {rounds} interleaved rounds; {load()}")
    ticks: dict[int, list[dict[str, Figure]]] = {}
    memory: dict[int, tuple[float, float]] = {}
    wrapped: dict[int, wrapping.Found] = {}
    with tempfile.TemporaryDirectory(prefix="tc", dir="/tmp") as root:
        town = Town(Path(root).resolve())
        try:
            for size in SIZES:
                town.grow(size)
                ticks[size] = measure_ticks(town, rounds)
                if size in (SIZES[0], SIZES[-1]):
                    memory[size] = measure_memory(town)
                    wrapped[size] = wrapping.measure_starts(town, rounds)
            starts = measure_starts(town, rounds)
            questions = measure_questions(town)
            events = wrapping.measure_hooks(town, rounds)
        finally:
            town.close()
    print_ticks("CLOCK", {size: found[0] for size, found in ticks.items()})
    print_ticks("PROCESSOR", {size: found[1] for size, found in ticks.items()})
    print_starts(starts)
    print_memory(memory)
    print_questions(questions)
    print_wrapping(events, wrapped)
    print_surveys(scanning.measure(rounds))
    checkpoints.main()
    popup.main(rounds)
    print(f"\nafterwards: {load()}")


# A tick


def measure_ticks(town: Town, rounds: int) -> list[dict[str, Figure]]:
    """A full round of the product's own loop when nothing happens, beside two other ways.

    By the clock, and in processor time: ours, our children's and the tmux server's.
    """
    plain = ["tmux", "-S", town.socket]
    fields = "#{pane_id} #{pane_pid} #{pane_dead}"

    def ask(*words: str) -> None:
        subprocess.run([*plain, *words], capture_output=True, check=True)

    def naive() -> None:
        for pane in town.panes:
            ask("capture-pane", "-p", "-t", pane)

    found: list[dict[str, Figure]] = []

    def watch(loop: Loop) -> None:
        # Until every session was seen, believed and written down, a tick is not a quiet one; nor
        # is it while the files are so young that they are read again each time.
        calm_at = time.monotonic() + CALM_SECONDS
        while time.monotonic() < calm_at:
            tick(loop)
            time.sleep(0.2)
        states = {session.state.value for session in loop.books.sessions.not_ended()}
        assert states == {"idle"}, states
        cases: Cases = {
            TICK: partial(tick, loop),
            BARE: lambda: ask("list-panes", "-a", "-F", fields),
            NAIVE: naive,
        }
        server = psutil.Process(town.tmux.panes().server.pid)
        found.extend(interleaved(cases, rounds, wall, processor(server)))

    town.supervised(watch)
    return found


def tick(loop: Loop) -> None:
    """One full round, until what it saw has been weighed: tmux may answer after the round."""
    looked = {uid: evidence.at for uid, evidence in loop.evidence.items()}
    loop.round(loop.books.sessions.not_ended())
    while not loop.evidence or any(loop.evidence[uid].at == at for uid, at in looked.items()):
        time.sleep(0.001)
        loop.round(loop.books.sessions.not_ended())


def print_ticks(by: str, ticks: dict[int, dict[str, Figure]]) -> None:
    heads = [f"A TICK WHEN ALL IS QUIET, {by} ms", *(f"{size} windows" for size in ticks)]
    rows = [[name, *(str(found[name]) for found in ticks.values())] for name in (TICK, BARE, NAIVE)]
    over = [found[TICK].median / found[BARE].median for found in ticks.values()]
    under = [found[NAIVE].median / found[TICK].median for found in ticks.values()]
    rows.append(["  times the bare list-panes", *(f"{ratio:.1f}x" for ratio in over)])
    rows.append(["  less than a process for each pane", *(f"{ratio:.0f}x" for ratio in under)])
    print("\n" + table(heads, rows))
    print(aim("at most 3x the bare list at 300 windows", over[-1] <= 3))
    print(aim("more than 50x below one process for each pane at 300 windows", under[-1] > 50))


# A command


def measure_starts(town: Town, rounds: int) -> list[dict[str, Figure]]:
    """From the start of a process to its end, with the supervisor running.

    By the clock, and in the processor time of that process.
    """
    town.home.start()
    installed = Path(sysconfig.get_path("scripts")) / "tmuxclaude"
    script = "import sys; from tmuxclaude.cli.main import main; sys.exit(main())"
    ours = [str(installed)] if installed.exists() else [sys.executable, "-c", script]
    calls = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "tmuxclaude list": [*ours, "list"],
        "tmuxclaude list --json": [*ours, "list", "--json"],
        "tmuxclaude status": [*ours, "status"],
    }
    quiet = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, quiet, stream) for stream in (0, 1, 2)]

    def start(call: list[str]) -> None:
        pid = os.posix_spawn(call[0], call, town.home.env, file_actions=actions)
        assert os.waitpid(pid, 0)[1] == 0, call

    cases = {name: partial(start, call) for name, call in calls.items()}
    interleaved(cases, 2, wall)  # byte code is written, files are in memory
    found = interleaved(cases, 3 * rounds, wall, processor())
    os.close(quiet)
    town.home.run("supervisor", "stop")
    return found


def print_starts(starts: list[dict[str, Figure]]) -> None:
    clock, used = starts
    bare = [by["python -c pass"].median for by in starts]
    ratios = {n: [by[n].median / b for by, b in zip(starts, bare, strict=True)] for n in clock}
    rows = [
        [n, str(clock[n]), f"{ratios[n][0]:.1f}x", str(used[n]), f"{ratios[n][1]:.1f}x"]
        for n in clock
    ]
    heads = [f"A COMMAND WITH {SIZES[-1]} SESSIONS", "CLOCK ms", "", "PROCESSOR ms", ""]
    print("\n" + table(heads, rows))
    print(aim("list at most 2.5x a bare start", max(ratios["tmuxclaude list"]) <= 2.5))


# Memory


def measure_memory(town: Town) -> tuple[float, float]:
    """Resident and proportional megabytes of the supervisor process after some ticks."""
    supervisor = town.home.start()
    time.sleep(SETTLE_SECONDS)
    used = supervisor.memory_full_info()
    town.home.run("supervisor", "stop")
    return used.rss / MEGA, getattr(used, "pss", 0) / MEGA


def print_memory(memory: dict[int, tuple[float, float]]) -> None:
    rows = [
        [f"{size} sessions", f"{rss:.1f}", f"{pss:.1f}" if pss else "not told"]
        for size, (rss, pss) in memory.items()
    ]
    print("\n" + table(["THE SUPERVISOR'S MEMORY, MB", "RSS", "PSS"], rows))
    print(aim("below 32 MB with 10 sessions", memory[SIZES[0]][0] < 32))


# A question


def measure_questions(town: Town) -> list[list[tuple[float, float]]]:
    """Median and 99th percentile for each kind of question, by one client and by many at once."""
    town.home.start()
    bare, ours = town.home.root / "echo", town.home.paths.socket
    asked = [(bare, roundtrip.PING), (ours, roundtrip.PING), (ours, roundtrip.STATUS)]
    with roundtrip.echo(bare):
        found = [
            [roundtrip.measured(path, question, clients, QUESTIONS) for clients in CLIENTS]
            for path, question in asked
        ]
    town.home.run("supervisor", "stop")
    return found


def print_questions(questions: list[list[tuple[float, float]]]) -> None:
    heads = ["A QUESTION OVER THE SOCKET, ms: median, p99", *(f"{n} at once" for n in CLIENTS)]
    names = ["a server that sends back what it gets", "ping", "status: is the account paused?"]
    rows = [
        [name, *(f"{median:.3f}, {late:.3f}" for median, late in found)]
        for name, found in zip(names, questions, strict=True)
    ]
    print("\n" + table(heads, rows))
    print(aim("median of a ping by one client below 0.1 ms", questions[1][0][0] < 0.1))


def print_wrapping(events: wrapping.Found, starts: dict[int, wrapping.Found]) -> None:
    print("\n" + wrapping.shown("AN EVENT THAT A HOOK KEEPS", events, wrapping.NOTHING))
    for size, found in starts.items():
        head = f"A START BY THE WRAPPER, {size} SESSIONS"
        print("\n" + wrapping.shown(head, found, wrapping.DIRECT))
        print(aim("less than 60 ms later", wrapping.added(found) < 60))


def print_surveys(found: dict[int, dict[str, Figure]]) -> None:
    print("\n" + scanning.shown(found))
    for case in (scanning.NOTHING, scanning.WEEK, scanning.ALL):
        print(aim(f"{case}: within 2x of scandir and stat", scanning.reached(found, case)))


def aim(words: str, reached: bool) -> str:
    return f"  aim: {words}: {'reached' if reached else 'MISSED'}"


if __name__ == "__main__":
    main()
