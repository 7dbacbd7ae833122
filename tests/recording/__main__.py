"""Records a version of Claude Code in every state, and prints what is not as expected.

    make record VERSION=2.1.330          into recordings/2.1.330, which git ignores
    make record KEEP=1                   and into tests/recording: these are the expectations now
    make record LONG=1 ONLY=gives-up     only these states, the ones that take minutes too

Exit 0: all is as expected. 1: something changed. 2: a state could not be played.
"""

from __future__ import annotations

import argparse
import logging
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.end_to_end import claude_code
from tests.recording import findings
from tests.recording.stage import Stage, Take
from tests.recording.states import STATES, State

ROOT = Path(__file__).parents[2]
SIDE_BY_SIDE = 4


def perform(state: State, out: Path) -> list[Take] | str:
    """The takes of one state, or why it could not be played."""
    try:
        stage = Stage(out, state.size, state.arguments, **state.home)
    except Exception:  # noqa: BLE001 - told at the end, and the others go on
        return traceback.format_exc()
    try:
        state.play(stage)
    except Exception:  # noqa: BLE001
        return traceback.format_exc()
    finally:
        stage.close()
    print(f"  {state.name}: {', '.join(take.name for take in stage.takes)}", flush=True)
    return stage.takes


def report(title: str, lines: Sequence[str]) -> None:
    print(f"\n{title}: {len(lines) or 'nothing'}")
    for line in lines:
        print(f"  {line}")


def compare(takes: list[Take], whole: bool) -> bool:
    """Print the changes; a part of the states says nothing but which fields are new."""
    rows = findings.changes([findings.row(take) for take in takes], findings.expected())
    report("takes that read otherwise", rows)
    found = findings.field_lines(findings.fields(takes), findings.read_by_us())
    before = findings.FIELDS.read_text().splitlines()
    if not whole:
        known = {line.rpartition(":")[0] for line in before}
        found, before = [line for line in found if line.rpartition(":")[0] not in known], []
    fields = findings.field_changes(found, before)
    report("fields that came (+) and went (-); * is read by us", fields)
    return bool(rows or fields)


def keep(takes: list[Take], whole: bool) -> None:
    """Let these takes be the expectations; rows of states that were not played stay, and a part
    of the states says nothing of the fields."""
    played = {row["take"]: row for row in map(findings.row, takes)}
    before = findings.expected() if findings.EXPECTED.exists() else []
    findings.write_expected(({row["take"]: row for row in before} | played).values())
    if not whole:
        return
    found = findings.field_lines(findings.fields(takes), findings.read_by_us())
    findings.FIELDS.write_text("\n".join(found) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--long", action="store_true", help="play the states of minutes too")
    parser.add_argument("--keep", action="store_true", help="make these the expectations")
    parser.add_argument("states", nargs="*", help="only these")
    asked = parser.parse_args()
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a cut connection is meant
    claude_code.install()
    out = ROOT / "recordings" / claude_code.VERSION
    out.mkdir(parents=True, exist_ok=True)
    wanted = [state for state in STATES if state.name in asked.states or not asked.states]
    wanted = [state for state in wanted if asked.long or not state.long]
    print(f"Claude Code {claude_code.version()}, {len(wanted)} states, into {out}")
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        played = list(pool.map(lambda state: perform(state, out), wanted))
    takes = [take for found in played if not isinstance(found, str) for take in found]
    failed = [
        f"{state.name}: {found}"
        for state, found in zip(wanted, played, strict=True)
        if isinstance(found, str)
    ]
    report("states that could not be played", failed)
    if asked.keep:
        keep(takes, whole=not asked.states)
    changed = compare(takes, whole=not asked.states)
    return 2 if failed else int(changed)


if __name__ == "__main__":
    sys.exit(main())
