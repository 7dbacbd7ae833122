"""What the actor is to the outside: its conversation, its registry entry, its records, its hooks.

Joins `files` and `hooks` for one process. Draws nothing and decides nothing.
"""

from __future__ import annotations

import os

from tmuxclaude.demo import files
from tmuxclaude.demo.call import Call
from tmuxclaude.demo.hooks import Settings, run, run_hooks
from tmuxclaude.demo.part import Part

_WHERE = "#{session_name}:#{window_id}.#{pane_id}"


class Life:
    """One process; the conversation changes with /clear. `name` is empty unless it was given."""

    def __init__(self, part: Part, call: Call) -> None:
        self.directory = os.path.realpath(".")
        self.name = call.name
        self._part = part
        self._config = files.config_directory()
        self._settings = Settings(self._config, call.settings)
        self._registry = files.Registry(
            self._config, absent=part.no_registry, words=part.registry_words
        )
        self._payloads = files.templates("hooks")
        self._tmux = ""
        self._status = ("idle", "")
        self._up = False
        self.begin(call.conversation)
        if call.forked:
            self.transcript.fork(self._config, call.forked)

    def begin(self, conversation: str) -> None:
        """Go on as this conversation."""
        self.conversation = conversation
        self.prompt_id = files.new_id()
        absent = self._part.no_transcript
        self.transcript = files.Transcript(
            self._config, self.directory, conversation, absent=absent
        )
        if self._up:
            self.status(*self._status)

    def begin_prompt(self) -> None:
        """What is recorded from now on belongs to a new prompt."""
        self.prompt_id = files.new_id()

    @property
    def native(self) -> bool:
        """Whether Claude Code's own continue is switched on."""
        return self._settings.native if self._part.native is None else self._part.native

    def up(self, source: str) -> None:
        """The prompt is there: `source` says why (startup, resume, fork, clear)."""
        pane = os.environ.get("TMUX_PANE", "")
        if pane and os.environ.get("TMUX") and not self._up:
            asked = ["tmux", "display-message", "-p", "-t", pane, _WHERE]
            self._tmux = run(asked, b"", dict(os.environ), 2.0).strip()
        self._up = True
        self.status("idle")
        self.hook("SessionStart", source, source=source)

    def down(self, reason: str) -> None:
        """The process ends in good order."""
        if self._up:
            self.hook("SessionEnd", reason, reason=reason)
        self.vanish()

    def vanish(self) -> None:
        """Only the registry entry goes."""
        self._registry.remove()

    def status(self, status: str, waiting_for: str = "") -> None:
        """idle, busy, or waiting and what for, as the registry says it."""
        self._status = (status, waiting_for)
        derived = f"{os.path.basename(self.directory)}-{self.conversation[:2]}"
        self._registry.write(
            status,
            waiting_for,
            conversation=self.conversation,
            cwd=self.directory,
            name=self.name or derived,
            name_source="user" if self.name else "derived",
            tmux=self._tmux,
        )

    def record(self, *kinds: str, **fields: object) -> None:
        """Append records to the transcript; the first ones say the mode."""
        if not self.transcript.messages:
            self.transcript.write("mode", "permission-mode")
        self.transcript.write(*kinds, prompt_id=self.prompt_id, **fields)

    def hook(self, event: str, what: str = "", **fields: object) -> None:
        """Run the hooks of an event; `what` is what their matchers look at."""
        commands = [] if self._part.no_hooks else self._settings.hooks(event, what)
        if not commands:
            return
        common = {
            "conversation": self.conversation,
            "transcript": self.transcript.path,
            "cwd": self.directory,
            "prompt_id": self.prompt_id,
        }
        payload = files.fill(self._payloads[event], {**common, **fields})
        assert isinstance(payload, dict)
        env = {
            **os.environ,
            "CLAUDECODE": "1",
            "CLAUDE_PID": str(os.getpid()),
            "CLAUDE_CODE_SESSION_ID": self.conversation,
            "CLAUDE_PROJECT_DIR": self.directory,
        }
        run_hooks(commands, payload, env)
