"""What a picker does with a session: each deed is a verb of the command line, or ``go``.

``do`` is ``tmuxclaude pick --do``. ``Running`` is a deed in a process of its own, so that the form
goes on meanwhile: a stop or a message may take many seconds.
"""

from __future__ import annotations

import os
import sys
import time

from tmuxclaude.cli.places import Places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from typing import Any

WORDS = {
    **{"new": 0, "new-wait": 0, "pause": 0},
    **{"go": 1, "back": 1, "resume": 1, "hold": 1, "stop": 1, "stop-now": 1},
    **{"rename": 2, "send": 2},
}
"""Every action, and how many words it takes: a session's name, and then a text."""

OURS = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from tmuxclaude.cli.main import main; sys.exit(main())"
)
"""This very package, whatever the current directory holds."""


def do(action: str, words: tuple[str, ...], places: Places, env: Mapping[str, str]) -> int:
    """Does one deed, prints what came of it, and returns the exit code.

    Raises ``UsageError`` for words that do not belong to the action, and the errors of its verb.
    """
    from tmuxclaude.cli import commands
    from tmuxclaude.core.errors import UsageError

    if WORDS.get(action) != len(words):
        known = ", ".join(WORDS)
        raise UsageError(f"--do {action} with {len(words)} words; the actions are: {known}")
    if action == "back":
        code = commands.run(["resume", "--", *words])
        if code:
            return code
    if action in ("go", "back"):
        argv = go(words[0], places, env)
        if argv:
            os.execvp(argv[0], argv)
        return 0
    if action in ("new", "new-wait"):
        stand_in_the_pane(os.environ)
    return commands.run(_verb(action, words, places))


def go(name: str, places: Places, env: Mapping[str, str]) -> list[str]:
    """Brings the window of a session to the caller; what to exec outside of tmux (``app.go``).

    Raises ``NotFoundError``, ``RefusedError``, ``UnreachableError``.
    """
    from tmuxclaude import app

    row = _session(name, places)
    if row["state"] in ("lost", "ended") or not row["nonce"]:
        from tmuxclaude.cli import sessions  # only a refusal needs it

        raise sessions.without_window(row)
    return app.go(row, env)


def stand_in_the_pane(env: MutableMapping[str, str]) -> None:
    """In a popup, what is opened goes where the pane is from which the popup was opened."""
    from tmuxclaude import app

    pane_id = app.pane_under_popup(env)
    if pane_id is not None:
        env["TMUX_PANE"] = pane_id


def _verb(action: str, words: tuple[str, ...], places: Places) -> list[str]:
    if action == "hold":
        held = _session(words[0], places)["want"] == "hold"
        return ["release" if held else "hold", "--", *words]
    if action == "pause":
        from tmuxclaude.cli import quick

        return ["unpause" if quick.paused(places.database, time.time()) else "pause"]
    if action == "stop-now":
        return ["stop", "--now", "--", *words]
    if action == "new-wait":
        return ["new", "--wait"]
    return [action, "--", *words] if words else [action]


def _session(name: str, places: Places) -> dict[str, Any]:
    """The session that the verbs mean by this name."""
    from tmuxclaude.cli import quick
    from tmuxclaude.core.errors import NotFoundError

    found = [row for row in quick.sessions(places.database, True, None) if row["name"] == name]
    if not found:
        raise NotFoundError(f"there is no session {name} any more")
    return max(found, key=lambda row: (row["state"] != "ended", float(row["created_at"])))


class Running:
    """A command of ours in a process of its own. ``about`` says what it is while it lasts."""

    def __init__(self, about: str, arguments: list[str]) -> None:
        import subprocess

        self.about = about
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))  # noqa: PTH120
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", OURS.format(root=root), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    @property
    def code(self) -> int | None:
        """Its exit code; ``None`` while it runs."""
        return self._process.poll()

    def said(self) -> str:
        """What it printed, after it has ended."""
        out, _ = self._process.communicate()
        return out.strip()


def last_words(said: str) -> str:
    """The line that says what came of a deed."""
    return said.rpartition("\n")[2].removeprefix("tmuxclaude: ")
