"""tmuxclaude itself, run as a user runs it: its commands, in one isolated home.

The supervisor is the product's own, joined by ``composition`` so that a test may shift its clock.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomli_w

from tests.end_to_end.home import Home
from tests.end_to_end.terminal import Pane, Server, Session
from tests.waiting import until

ROOT = Path(__file__).parents[2]

SHORT: dict[str, dict[str, Any]] = {
    "resume": {"margin_seconds": 2, "jitter_seconds": 0, "stagger_seconds": 0},
    "supervisor": {"poll_seconds": 1},
}
"""The margins of the scenarios, as short as they are compared with elsewhere."""


class Product:
    """The commands and the supervisor in ``server``'s home."""

    def __init__(self, server: Server, note: Callable[[str], None] = print) -> None:
        self.server = server
        self._note = note
        self.home: Home = server.home
        self.shift_file = self.home.root / "clock-shift"
        self._supervisor: subprocess.Popen[bytes] | None = None
        self.configure()

    def configure(self, **resume: Any) -> None:
        """Write the configuration: the short margins, and these keys of ``[resume]``."""
        path = Path(self.env()["XDG_CONFIG_HOME"]) / "tmuxclaude" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(tomli_w.dumps(SHORT | {"resume": SHORT["resume"] | resume}))
        path.chmod(0o600)

    def name_account(self, name: str, config_dir: str) -> None:
        """Add an account to the configuration, for ``--account``."""
        path = Path(self.env()["XDG_CONFIG_HOME"]) / "tmuxclaude" / "config.toml"
        named = {"accounts": {name: {"config_dir": config_dir}}}
        path.write_text(f"{path.read_text()}\n{tomli_w.dumps(named)}")

    def env(self) -> dict[str, str]:
        return self.home.env(PYTHONPATH=str(ROOT))

    def start(self) -> None:
        """Start the supervisor and wait until it answers."""
        log = (self.home.root / "supervisor.out").open("ab")
        command = [sys.executable, "-m", "tests.end_to_end.composition", str(self.shift_file)]
        self._supervisor = subprocess.Popen(
            command, env=self.env(), cwd=self.home.root, stdout=log, stderr=log
        )
        log.close()
        until(
            lambda: self.run("supervisor", "status", check=False).returncode == 0,
            what=lambda: (self.home.root / "supervisor.out").read_text(),
        )

    def kill(self) -> None:
        """kill -9 of the supervisor."""
        assert self._supervisor is not None
        self._supervisor.kill()
        self._supervisor.wait()

    def signal(self, number: int) -> None:
        """A signal to the supervisor."""
        assert self._supervisor is not None
        self._supervisor.send_signal(number)

    def stop(self) -> None:
        """End the supervisor, as a fixture does: whatever state it is in."""
        if self._supervisor is not None and self._supervisor.poll() is None:
            self._supervisor.terminate()
            try:
                self._supervisor.wait(10)
            except subprocess.TimeoutExpired:
                self._supervisor.kill()
                self._supervisor.wait()

    def log(self) -> str:
        """What the supervisor wrote."""
        return (self.home.root / "supervisor.out").read_text()

    def story(self) -> str:
        """The log, and everything that is remembered of each session: for a test that failed."""
        shown = [self.run("list", "--all", check=False).stdout]
        names = [row["name"] for row in self.json("list", "--all")["sessions"]]
        shown += [self.run("show", name, check=False).stdout for name in names]
        return "\n".join([self.log()[-6000:], *shown])

    def report(self, name: str, session: Session, resets_at: float, full: bool) -> None:
        """Report how long after the reset our first deed and the turn came."""
        [halt] = self.json("show", name)["halts"]
        steps = [step for attempt in halt["attempts"] for step in attempt["steps"]]
        deeds = [s["at"] for s in steps if s["step"] != "due" or s["note"].startswith("closing")]
        last = self.home.typed(session.conversation)[-1]
        self.latency(name, full, deeds[0] - resets_at, last - resets_at)

    def latency(self, name: str, full: bool, start: float | None, turn: float) -> None:
        """One row for the table at the end of the run."""
        began = f"{start:6.2f}" if start is not None else "     -"
        self._note(f"{name:<12} {'full' if full else 'young':<6} {began} {turn:7.2f}")

    def shift(self, seconds: float) -> None:
        """Let the supervisor's wall clock be ahead of ours from now on."""
        self.shift_file.write_text(str(seconds))

    def run(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command outside of any tmux client, without a terminal."""
        done = subprocess.run(
            [sys.executable, "-m", "tmuxclaude", *args],
            env=self.env(),
            cwd=self.home.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{args}: exit {done.returncode}: {done.stderr}{done.stdout}")
        return done

    def json(self, *args: str) -> Any:
        return json.loads(self.run(args[0], "--json", *args[1:]).stdout)

    def new(self, name: str, cwd: Path | None = None, *args: str) -> Session:
        """``tmuxclaude new`` on the private server; does not wait for Claude Code."""
        where = cwd or self.home.project()
        opened = self.json(
            "new", name, "-S", str(self.server.socket), "-t", "main", "-c", str(where), "-d", *args
        )
        pane = Pane(self.server, opened["pane"])
        return Session(pane, self.home, opened["conversation"] or "")

    def session(self, name: str) -> dict[str, Any]:
        """The row of ``list --all --json``; all unknown while there is no such session."""
        rows: list[dict[str, Any]] = self.json("list", "--all")["sessions"]
        named = (row for row in rows if row["name"] == name)
        return next(named, {"name": name, "state": None, "halt": None})

    def wait_until(self, name: str, state: str) -> dict[str, Any]:
        """Wait for a state in the registry; for ``limited`` also for the halt, kept right after."""

        def there() -> dict[str, Any] | None:
            row = self.session(name)
            known = state != "limited" or row["halt"] is not None
            return row if row["state"] == state and known else None

        return until(there, lambda: f"{name} {state}: {self.session(name)}\n{self.log()[-3000:]}")

    def halt_over(self, name: str) -> dict[str, Any]:
        """The last halt of a session, once it is over: that is written right after the state."""
        *_, halt = until(
            lambda: [h for h in self.json("show", name)["halts"][-1:] if h["ended_at"]],
            lambda: f"an ended halt of {name}: {self.story()}",
        )
        assert isinstance(halt, dict)
        return halt

    def wait_for_turns(self, session: Session, count: int) -> float:
        """Wait until the transcript holds that many typed turns; when that was (epoch)."""
        until(
            lambda: len(session.home.turns(session.conversation)) >= count,
            lambda: f"{count} turns; {session.pane.screen()}\n{self.log()[-3000:]}",
        )
        return time.time()
