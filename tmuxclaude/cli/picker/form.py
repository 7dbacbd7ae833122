"""The built-in picker at work: a key comes, something is chosen, asked or done; draw; again."""

from __future__ import annotations

import curses
import os
import time
from functools import partial

from tmuxclaude.cli.picker import deeds, keys
from tmuxclaude.cli.picker.choice import Choice, Question
from tmuxclaude.cli.picker.source import Source
from tmuxclaude.cli.picker.view import View
from tmuxclaude.cli.places import Places
from tmuxclaude.core.drawn import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOOK_MILLISECONDS = 200
"""How often it is looked whether the rows have changed."""

PREVIEW_SECONDS = 1.0
MESSAGE_SECONDS = 6.0
ESCAPE_MILLISECONDS = 25

REFUSED = 4
"""The exit code of a verb that a rule refused (``core/errors``, which is not for a hurry)."""


def show(places: Places, env: Mapping[str, str], only: str | None = None) -> list[str]:
    """Lets the user pick; returns what to exec afterwards, which is nothing inside of tmux.

    ``only``: the socket of the tmux server whose sessions are offered.
    """
    _speak_utf8()
    for name in ("LINES", "COLUMNS"):  # curses would believe them, and no resize
        os.environ.pop(name, None)
    curses.set_escdelay(ESCAPE_MILLISECONDS)
    screen = curses.initscr()
    try:
        curses.noecho()
        curses.raw()  # ctrl-o, ctrl-c and their like are keys here
        curses.nonl()  # Enter is not ctrl-j
        screen.keypad(True)
        if curses.has_colors():
            curses.start_color()
        return Form(View(screen), Source(places, only), places, env).run()
    finally:
        screen.keypad(False)
        curses.noraw()
        curses.nl()
        curses.echo()
        curses.endwin()


def _speak_utf8() -> None:
    """curses writes in the encoding of the locale, and what we draw is not ASCII."""
    import _locale

    if "utf" not in _locale.nl_langinfo(_locale.CODESET).lower():
        import locale
        from contextlib import suppress

        with suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, "C.UTF-8")


class Form:
    """What is open on the screen."""

    def __init__(self, view: View, source: Source, places: Places, env: Mapping[str, str]) -> None:
        self._view, self._source, self._places, self._env = view, source, places, env
        self._choice = Choice()
        self._question: Question | None = None
        self._running: deeds.Running | None = None
        self._after: Callable[[int, str], None] = self._tell
        self._to_do: list[tuple[str, list[str], Callable[[int, str], None]]] = []
        self._message, self._message_until = "", 0.0
        self._helps = self._pressed = 0
        self._closes = self._prefixed = False
        self._argv: list[str] = []
        self._preview, self._preview_of, self._preview_until = "", "", 0.0
        self._prefix = keys.of_tmux(env.get("TMUXCLAUDE_PREFIX", ""))
        self._opener = keys.of_tmux(env.get("TMUXCLAUDE_KEY", ""))
        self._deeds = {
            "enter": self._enter,
            "alt-n": self._new,
            "ctrl-r": lambda: self._named("resume", "resuming"),
            "ctrl-o": lambda: self._named("hold", "holding or releasing"),
            "ctrl-x": self._stop,
            "ctrl-e": self._rename,
            "ctrl-t": self._send,
            "ctrl-l": self._show_past,
            "alt-p": lambda: self._do("pausing or going on", "pause"),
            "?": self._help,
            "ctrl-g": self._help,
            "escape": self._close,
            "ctrl-c": self._close,
        }

    def run(self) -> list[str]:
        """Until it is closed; what to exec then."""
        self._source.refresh()
        self._choice.take(self._source.page)
        self._draw()
        while not self._closes:
            key = keys.pressed(self._view.screen, LOOK_MILLISECONDS)
            if key:
                self._press(key)
            elif self._source.refresh():
                self._choice.take(self._source.page)
            self._collect()
            if not self._closes:
                self._look()
                self._draw()
        return self._argv

    def _draw(self) -> None:
        foot, typed = "", None
        if self._question is not None:
            foot = self._question.words
            typed = None if self._question.yes_or_no else self._question.input.text
        elif self._running is not None:
            foot = f"{self._running.about} …"
        elif time.monotonic() < self._message_until:
            foot = self._message
        self._view.draw(self._choice, foot, typed, self._helps, self._preview)

    # -- keys ------------------------------------------------------------------------------------

    def _press(self, key: str) -> None:
        self._pressed += 1
        self._message_until = 0.0
        if self._is_opener(key):
            self._closes = True
        elif key == "resize":
            self._view.screen.clearok(True)  # a terminal that shrinks may have moved its lines
        elif self._question is not None:
            self._answer(self._question, key)
        elif self._helps:
            goes_on = self._view.more_help and key != "escape"
            self._helps = self._helps + 1 if goes_on else 0
        elif key in self._deeds:
            self._deeds[key]()
        elif key in keys.MOVES:
            self._choice.move(keys.MOVES[key])
        elif key in ("page-up", "page-down"):
            self._choice.move(self._view.rows if key == "page-down" else -self._view.rows)
        else:
            self._choice.to_filter(key)

    def _is_opener(self, key: str) -> bool:
        """Whether this is the end of what opened the picker; it closes it too."""
        if not self._opener:
            return False
        prefixed, self._prefixed = self._prefixed or not self._prefix, key == self._prefix != ""
        return prefixed and key == self._opener

    def _answer(self, question: Question, key: str) -> None:
        if key in ("escape", "ctrl-c") or (question.yes_or_no and key != "y"):
            self._question = None
        elif key == "enter" or question.yes_or_no:
            self._question = None
            if question.yes_or_no or question.input.text:
                question.then(question.input.text)
        else:
            question.input.typed(key)

    # -- deeds -----------------------------------------------------------------------------------

    def _enter(self) -> None:
        line = self._choice.line
        if line is not None and line.kind == "live":
            self._go(line.name)
        elif line is not None:
            self._bring_back(line.name)

    def _bring_back(self, name: str) -> None:
        def brought(code: int, said: str) -> None:
            self._tell(code, said)
            if code == 0:
                self._go(name)

        self._start(f"bringing back {name}", ["pick", "--do", "resume", "--", name], brought)

    def _go(self, name: str) -> None:
        from tmuxclaude.core.errors import TmuxclaudeError

        try:
            self._argv = deeds.go(name, self._places, self._env)
            self._closes = True
        except TmuxclaudeError as problem:
            self._say(str(problem))

    def _named(self, action: str, about: str, *words: str) -> None:
        """A deed on the session under the cursor."""
        line = self._choice.line
        if line is not None:
            self._do(f"{about} {line.name}", action, line.name, *words)

    def _do(self, about: str, *words: str) -> None:
        self._start(about, ["pick", "--do", words[0], "--", *words[1:]], self._tell)

    def _start(self, about: str, arguments: list[str], after: Callable[[int, str], None]) -> None:
        """Deeds are done one after the other, in the order of their keys."""
        self._to_do.append((about, arguments, after))
        self._go_on()

    def _go_on(self) -> None:
        if self._running is None and self._to_do:
            about, arguments, self._after = self._to_do.pop(0)
            self._running = deeds.Running(about, arguments)

    def _new(self) -> None:
        deeds.stand_in_the_pane(os.environ)
        self._open(partial(self._opened_or_refused, self._pressed))

    def _open(self, then: Callable[[int, str], None], *how: str) -> None:
        self._start("opening a session", ["new", "-d", "--json", *how], then)

    def _opened_or_refused(self, begun: int, code: int, said: str) -> None:
        """One that a limit or a budget keeps away may wait for it in its window."""
        self._opened(code, said)
        if code == REFUSED and "--wait" in said:
            words = f"{self._message} Open it, to wait like that? (y/n) "
            self._ask_since(
                begun, Question(words, lambda _: self._open(self._opened, "--wait"), True)
            )

    def _ask_since(self, begun: int, question: Question) -> None:
        """Asks, unless a key came since so many: that one was meant for something else."""
        if self._pressed == begun:
            self._question = question

    def _opened(self, code: int, said: str) -> None:
        import json

        try:
            answer = json.loads(said[max(said.find("\n{"), 0) :])  # after what it complained of
        except ValueError:
            answer = {}
        if code == 0 and "name" in answer:
            self._go(answer["name"])
        else:
            self._say(answer.get("error", {}).get("message") or deeds.last_words(said))

    def _stop(self) -> None:
        line = self._choice.line
        if line is None:
            return
        about, name = f"stopping {line.name}", line.name

        def stopped(begun: int, code: int, said: str) -> None:
            self._tell(code, said)
            if code == REFUSED:
                words = f"{visible(deeds.last_words(said))} Stop it all the same? (y/n) "
                then = Question(words, lambda _: self._do(about, "stop-now", name), True)
                self._ask_since(begun, then)

        def stop(_: str) -> None:
            self._start(about, arguments, partial(stopped, self._pressed))

        words = f"Stop {name}? Its conversation can be resumed. (y/n) "
        arguments = ["pick", "--do", "stop", "--", name]
        self._question = Question(words, stop, True)

    def _rename(self) -> None:
        self._ask_for("New name of {}: ", "rename", "renaming")

    def _send(self) -> None:
        self._ask_for("Type into {}: ", "send", "typing into")

    def _ask_for(self, words: str, action: str, about: str) -> None:
        line = self._choice.line
        if line is None:
            return
        doing, name = f"{about} {line.name}", line.name
        self._question = Question(
            words.format(name), lambda text: self._do(doing, action, name, text)
        )

    def _show_past(self) -> None:
        self._choice.past = not self._choice.past
        self._choice.weigh()

    def _help(self) -> None:
        self._helps = 1

    def _close(self) -> None:
        self._closes = True

    def _collect(self) -> None:
        """Tells what came of a deed that has ended."""
        running = self._running
        if running is None or running.code is None:
            return
        code, self._running = running.code, None
        self._after(code, running.said())
        self._go_on()
        if self._source.refresh():
            self._choice.take(self._source.page)

    def _tell(self, _code: int, said: str) -> None:
        self._say(deeds.last_words(said))

    def _say(self, message: str) -> None:
        self._message = visible(message)
        self._message_until = time.monotonic() + MESSAGE_SECONDS

    # -- the preview -----------------------------------------------------------------------------

    def _look(self) -> None:
        """A new picture of the pane under the cursor, when it is time for one."""
        line, now = self._choice.line, time.monotonic()
        name = line.name if line is not None else ""
        if not self._view.previews or (name == self._preview_of and now < self._preview_until):
            return
        from tmuxclaude import app

        self._preview = ""
        if line is not None and line.nonce:
            found = app.picture(line.socket, int(line.server_pid), line.pane_id, line.nonce)
            self._preview = found if found is not None else "(its pane cannot be seen)"
        self._preview_of, self._preview_until = name, time.monotonic() + PREVIEW_SECONDS
