"""A log that never grows large and that nobody else reads, written by real processes."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

from tmuxclaude.edges import logs

WRITER = """
import logging, sys
from pathlib import Path
from tmuxclaude.edges import logs
logs.begin(Path(sys.argv[1]), sys.argv[2] == "shown", largest=1000)
for number in range(100):
    logging.info("line %d \\udcff", number)
"""


def write(log: Path, shown: str, raw: Path) -> subprocess.CompletedProcess[bytes]:
    with raw.open("ab") as errors:
        call = [sys.executable, "-c", WRITER, str(log), shown]
        return subprocess.run(call, stderr=errors, check=False, timeout=30)


def test_it_is_rotated_by_size_and_private(tmp_path: Path) -> None:
    log, raw = tmp_path / "supervisor.log", tmp_path / "raw"
    assert write(log, "hidden", raw).returncode == 0
    files = [*logs.older(log), log]
    assert [file.name for file in files] == ["supervisor.log.2", "supervisor.log.1", log.name]
    assert set(tmp_path.iterdir()) == {*files, raw}
    numbers = [int(line.split()[4]) for file in files for line in file.read_text().splitlines()]
    assert numbers == list(range(numbers[0], 100))
    for file in files:
        assert file.stat().st_size <= 1000
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert raw.read_text() == ""
    assert write(log, "shown", raw).returncode == 0
    assert len(raw.read_text().splitlines()) == 100


def test_what_is_printed_besides_does_not_grow_for_ever(tmp_path: Path) -> None:
    log, raw = tmp_path / "supervisor.log", tmp_path / "raw"
    raw.write_bytes(b"x" * (logs.LARGEST_RAW_BYTES + 1))
    write(log, "shown", raw)
    assert raw.stat().st_size > logs.LARGEST_RAW_BYTES
    write(log, "hidden", raw)
    assert raw.stat().st_size == 0


def test_a_planted_log_is_refused(tmp_path: Path) -> None:
    log, raw = tmp_path / "supervisor.log", tmp_path / "raw"
    (tmp_path / "victim").write_text("mine")
    log.symlink_to(tmp_path / "victim")
    assert write(log, "hidden", raw).returncode != 0
    assert (tmp_path / "victim").read_text() == "mine"


REMOVER = """
import logging, os, sys
from pathlib import Path
from tmuxclaude.edges import logs
log = Path(sys.argv[1])
logs.begin(log, False)
logging.info("first")
log.rename(log.with_name("moved"))
logging.info("second")
log.unlink()
logging.info("third")
log.unlink()
log.symlink_to("victim")
logging.info("fourth")
"""


def test_a_log_that_was_moved_or_removed_is_begun_anew(tmp_path: Path) -> None:
    log, victim = tmp_path / "supervisor.log", tmp_path / "victim"
    victim.touch()
    subprocess.run([sys.executable, "-c", REMOVER, str(log)], check=True, timeout=30)
    assert (tmp_path / "moved").read_text().endswith("INFO first\n")
    assert victim.read_text() == ""
    log.unlink()
    subprocess.run(
        [sys.executable, "-c", REMOVER.partition("log.unlink()")[0], str(log)], check=True
    )
    assert log.read_text().endswith("INFO second\n")
    assert log.read_text().count("\n") == 1
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
