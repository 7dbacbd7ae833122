"""``supervisor logs -f`` while the log is rotated as the supervisor rotates it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.waiting import until
from tmuxclaude.edges import logs

WRITER = """
import logging, sys
from pathlib import Path
from tmuxclaude.edges import logs
logs.begin(Path(sys.argv[1]), False, largest=1000)
for line in sys.stdin:
    logging.info("%s %s", line.strip(), 400 * "x")
"""


def test_no_line_is_lost_or_doubled_over_rotations(
    env: dict[str, str], home: Path, state_dir: Path
) -> None:
    log, shown = state_dir / "supervisor.log", home / "shown"
    log.write_text("")
    follow = [sys.executable, "-m", "tmuxclaude", "supervisor", "logs", "-f"]
    write = [sys.executable, "-c", WRITER, str(log)]

    def numbers() -> list[int]:
        return [int(line.split()[3]) for line in shown.read_text().splitlines() if "x" in line]

    with (
        shown.open("w") as out,
        subprocess.Popen(follow, env=env, stdout=out) as following,
        subprocess.Popen(write, env=env, stdin=subprocess.PIPE, text=True) as writer,
    ):
        try:
            assert writer.stdin is not None
            for number in range(9):
                print(number, file=writer.stdin, flush=True)
                until(lambda: number in numbers(), what=shown.read_text)  # noqa: B023
        finally:
            following.terminate()
            writer.terminate()
    assert numbers() == list(range(9))
    assert len(logs.older(log)) == logs.KEPT
