"""Files that attack, in living sessions' accounts: the others are seen as promptly as ever."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reliability.fragile import Fragile
from tests.supervisor.house import OURS, TASK, Seat
from tests.waiting import until

POLL = 1.0
DEEP = b"[" * 200_000
HUGE = b'{"type": "user", "uuid": ' + b"9" * 100_000 + b"}"


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def long_line(path: Path) -> None:
    """300 MB without a line's end; a hole on the disk, zeros to whoever reads it."""
    os.truncate(path, 300_000_000)
    append(path, b"\n")


def deep(path: Path) -> None:
    append(path, b"\n" + DEEP + b"\n")


def huge_number(path: Path) -> None:
    append(path, b"\n" + HUGE + b"\n")


def no_text(path: Path) -> None:
    append(path, b"\n\0\xff\xfe\n{half")


def anothers(path: Path) -> None:
    os.chown(path, 65534, 65534)


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


BOMBS: list[Callable[[Path], None]] = [
    *(fifo, endless, loop, directory, long_line, deep, huge_number, no_text),
    *([anothers] if os.geteuid() == 0 else []),
]


def transcript(fragile: Fragile, seat: Seat) -> Path:
    [path] = fragile.account(seat.name).glob("projects/*/*.jsonl")
    return path


def registry(fragile: Fragile, seat: Seat) -> Path:
    return fragile.account(seat.name) / "sessions" / f"{seat.pid()}.json"


@pytest.mark.parametrize("where", [transcript, registry])
def test_a_bomb_costs_the_others_nothing(
    fragile: Fragile, where: Callable[[Fragile, Seat], Path]
) -> None:
    fragile.configure()
    config = fragile.paths.config
    config.write_text(config.read_text().replace("poll_seconds = 0.2", f"poll_seconds = {POLL}"))
    fragile.start()
    part = {"limit": None, "autostart_prompt": TASK}
    victims = [fragile.open(bomb.__name__.replace("_", "-"), **part) for bomb in BOMBS]
    calm = fragile.open("calm")
    for seat in victims:
        seat.shows("Done.")
    calm.idle()
    for at, (seat, bomb) in enumerate(zip(victims, BOMBS, strict=True)):
        bomb(where(fragile, seat))
        # The account of the calm session holds the same, as the file of somebody else.
        other = fragile.account("calm") / "sessions" / f"{4_000_000 + at}.json"
        other.write_bytes(b"{}")
        bomb(other)
    calm.say(TASK)
    calm.is_("limited")
    until(lambda: calm.halts(), what=calm.story)
    [met] = calm.log("limit")
    late = calm.halts()[0]["opened_at"] - met["t"]
    print(f"seen after {late:.2f} s, {late / POLL:.1f} ticks")
    assert late <= 2 * POLL
    fragile.let_it_be_due()
    calm.has_turns(TASK, OURS)
    assert fragile.run("list").returncode == 0
    assert "was left as it is" not in fragile.log()
    assert {seat.state for seat in victims} <= {"idle", "working", "waiting"}
