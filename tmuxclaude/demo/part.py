"""What an actor plays: one JSON object in `ACTOR_PART`, inline or the path of a file.

    key               default    what it does
    autostart_prompt  ""         the task that a new conversation starts with by itself
    work_seconds      0.2        how long a turn works before it replies, asks or meets the limit
    reply             "Done."    what a turn replies
    quotes            false      a turn replies with every sentence that talks about limits
    full              false      a long history is on the screen before anything is asked
    classic           false      the classic renderer, not the alternate screen
    limit             null       {"claim", "resets_in" or "resets_at", "lifts_in", "after_turns"}
    still_limited     0          so many more turns meet the limit although it was to be reset
    native            null       continues by itself; null: as the settings say, true without them
    native_jitter     [30, 90]   seconds after the reset at which it does, between these two
    native_again      [60, 300]  seconds until the second and the third try when still limited
    credits_first     false      the limit menu has "Switch to usage credits" on top
    dies_after        null       seconds after the limit at which the process dies
    dies_by           "kill"     "kill" (-9), or an exit code; nothing is cleaned up either way
    permission        null       {"command", "turn"}: the turn (1 is the first) asks for this
    question          false      the first turn asks which colour to use
    trust             false      the folder is not trusted: its dialog comes first
    resume_question   false      "Resume this conversation?" when one is resumed without a text
    slow_echo         0          seconds until a key that was read has its effect
    enter_is_newline  false      Enter only adds a line
    exit_on_byte      null       [from, to] milliseconds after the first byte: it exits
    deaf_before_exit  0          so many milliseconds before that it stops reading its terminal
    exits_to_shell    false      instead of exiting it becomes `bash`, in the same process
    crash_on_start    null       exit code with which it dies before anything is shown
    registry_words    {}         others than its own in its registry file, null for none:
                                 {"idle": "shell"} while a shell runs in the background
    no_registry  no_transcript  no_hooks   false   that witness is missing

`limit`: "claim" is the API's name (five_hour, seven_day, seven_day_opus, seven_day_sonnet).
"resets_in" counts seconds from the moment when the limit is met, "resets_at" is an epoch. The
account may work again at the reset, or "lifts_in" seconds after it was met. "after_turns" pass
before it. A conversation that is resumed in a new process still knows that it was limited.
"""

from __future__ import annotations

import json
import os

Json = dict[str, object]

DEFAULTS: Json = {
    "autostart_prompt": "",
    "work_seconds": 0.2,
    "reply": "Done.",
    "quotes": False,
    "full": False,
    "classic": False,
    "limit": None,
    "still_limited": 0,
    "native": None,
    "native_jitter": [30, 90],
    "native_again": [60, 300],
    "credits_first": False,
    "dies_after": None,
    "dies_by": "kill",
    "permission": None,
    "question": False,
    "trust": False,
    "resume_question": False,
    "slow_echo": 0,
    "enter_is_newline": False,
    "exit_on_byte": None,
    "deaf_before_exit": 0,
    "exits_to_shell": False,
    "crash_on_start": None,
    "registry_words": {},
    "no_registry": False,
    "no_transcript": False,
    "no_hooks": False,
}
LIMIT: Json = {
    "claim": "five_hour",
    "resets_in": 8,
    "resets_at": None,
    "lifts_in": None,
    "after_turns": 0,
}
PERMISSION: Json = {"command": "touch permission-was-given", "turn": 1}


class Part:
    """A part with all its keys; the table above says what they mean."""

    autostart_prompt: str
    work_seconds: float
    reply: str
    quotes: bool
    full: bool
    classic: bool
    limit: Json | None
    still_limited: int
    native: bool | None
    native_jitter: list[float]
    native_again: list[float]
    credits_first: bool
    dies_after: float | None
    dies_by: str | int
    permission: Json | None
    question: bool
    trust: bool
    resume_question: bool
    slow_echo: float
    enter_is_newline: bool
    exit_on_byte: list[float] | None
    deaf_before_exit: float
    exits_to_shell: bool
    crash_on_start: int | None
    registry_words: Json
    no_registry: bool
    no_transcript: bool
    no_hooks: bool

    def __init__(self, given: Json) -> None:
        self.__dict__.update(_whole("ACTOR_PART", DEFAULTS, given))
        if self.limit is not None:
            self.limit = _whole("limit", LIMIT, self.limit)
        if self.permission is not None:
            self.permission = _whole("permission", PERMISSION, self.permission)


def load() -> Part:
    """The part of this process; exits with a message when it cannot be understood."""
    text = os.environ.get("ACTOR_PART", "").strip() or "{}"
    if not text.startswith("{"):
        with open(text, encoding="utf-8") as file:
            text = file.read()
    given = json.loads(text)
    if not isinstance(given, dict):
        raise SystemExit("ACTOR_PART: not a JSON object")
    return Part(given)


def _whole(name: str, defaults: Json, given: Json) -> Json:
    """Defaults filled in; a key that nobody knows would be a test that tests nothing."""
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise SystemExit(f"{name}: unknown key {', '.join(unknown)}")
    return {**defaults, **given}
