"""The next move of one guarded delivery. The law of what may be typed, and when.

One question, asked anew at every look: given the step that the journal believes and the world as it
is, what is the single next deed? Nothing is remembered between two looks but the journal, so the
same code goes on after a crash. The protocol and what was measured of it: ``docs/internals``.

``due → typing → typed → entering → confirmed``, or ``launching → confirmed`` for a dead process.
The intent is written before each deed. One attempt delivers its text at most once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tmuxclaude.core.clocks import GAP_SECONDS
from tmuxclaude.core.evidence import (
    AT_PROMPT,
    CLOSABLE,
    DIALOG_OPEN,
    SCREEN,
    Ending,
    Evidence,
    Life,
    Origin,
    PaneFacts,
    Status,
    UserTurn,
)
from tmuxclaude.core.model import Actor, Attempt, Box, Dialog, Look, Reading, Step
from tmuxclaude.core.rules import ResumeRules
from tmuxclaude.core.texts import bare, digest
from tmuxclaude.core.wrapping import is_the_end, too_low_for

ESCAPE_SETTLE_SECONDS = 0.5
"""Text that follows an Escape sooner is read as an Alt key and lost (Claude Code 2.1.329: lost at
50 ms, accepted at 100 ms)."""

ESCAPE_AGAIN_SECONDS = 2.0
"""Before a second Escape: on an empty prompt two quick ones open another dialog, and a screen that
is slow to be drawn still shows the first."""

ENTER_GAP_SECONDS = 0.1
"""Between text and Enter, beyond the proof that the text was read (none was needed in any of the
runs with Claude Code 2.1.329; one write for both is taken for a paste)."""

RETYPE_AFTER_SECONDS = 3.0
"""After a crash in ``typing``: how long an empty box must stay empty before we type again."""

PROOF_SECONDS = 10.0
"""How long typed text may take to show in the box before a person is asked."""

ENTER_SECONDS = 5.0
"""How long our text may stay in the box after Enter before a person is asked."""

CONFIRM_SECONDS = 30.0
"""How long the transcript may take to show our turn."""

LAUNCH_SECONDS = 90.0
"""How long a relaunched Claude Code may take to submit its prompt."""

WORKS = "it is working"
"""Why nothing is done to a session that nothing stops."""

BANNER_GONE = "its limit is no longer on the screen, and nothing else tells whether it went on"
"""Why a person is asked where the screen is the only witness: a banner that vanished is no proof
that a session went on, and none that it still stands."""

VISUAL_MODE = "vim's visual mode is on, in which Enter sends nothing"
MORE_IN_THE_BOX = "the prompt box holds more than our text, so not entered"
NOT_ALL_SHOWN = "the pane is too small to show all of the prompt box, so our text was not entered"

MAX_ESCAPES = 3
MAX_LAUNCHES = 5


class Deed(StrEnum):
    """What to do next."""

    WAIT = "wait"
    TYPE = "type"
    ENTER = "enter"
    ESCAPE = "escape"
    STASH = "stash"
    RELAUNCH = "relaunch"
    CONFIRM = "confirm"
    SKIP = "skip"
    ASK_HUMAN = "ask a person"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True)
class Move:
    """One deed. ``why`` is shown to people; ``until`` is when to look again at the latest.

    ``dialog``: what an Escape closes. ``by``: who resumed, for a skip. ``yours``: what is waited
    for is in the user's hands.
    """

    deed: Deed
    why: str = ""
    until: float | None = None
    dialog: Dialog | None = None
    by: Actor | None = None
    yours: bool = False


def next_move(attempt: Attempt, evidence: Evidence, rules: ResumeRules) -> Move:
    """The one thing to do now for an open ``attempt``."""
    if _delivered(attempt, evidence):
        return Move(Deed.CONFIRM, "our text is a turn in the transcript")
    if evidence.life is None:
        return Move(Deed.WAIT, "tmux did not answer")
    if evidence.reading_on:
        return Move(Deed.WAIT, "its transcript is still being read")
    move = _by_step(attempt, evidence, rules)
    if _may_be_second(attempt, move, evidence):
        return Move(Deed.ASK_HUMAN, "whether our text arrived cannot be seen in the transcript")
    return move


def _by_step(attempt: Attempt, evidence: Evidence, rules: ResumeRules) -> Move:
    match attempt.step:
        case Step.DUE:
            return _begin(attempt, evidence, rules)
        case Step.TYPING | Step.TYPED:
            return _typed(attempt, evidence, rules)
        case Step.ENTERING:
            return _entered(attempt, evidence)
        case Step.LAUNCHING:
            return _launched(attempt, evidence)
        case _:
            raise ValueError(f"attempt {attempt.id} has ended: {attempt.step}")


def _may_be_second(attempt: Attempt, move: Move, evidence: Evidence) -> bool:
    """Whether this would deliver a text that may have been delivered before, unseen by us.

    Without any transcript nothing can be resumed, but a first prompt can be typed.
    """
    if attempt.step is Step.DUE or move.deed not in (Deed.TYPE, Deed.RELAUNCH):
        return False
    if evidence.tail is None:
        return move.deed is Deed.RELAUNCH
    return not evidence.tail.holds_turns_since(attempt.offset)


def moved_by(attempt_record: str, evidence: Evidence) -> Actor | None:
    """Who continued since the error record, or ``None`` when nothing shows that anybody did.

    A banner that vanished is not a session that resumed: only a newer turn in the transcript is.
    """
    tail = evidence.tail
    if tail is None or not attempt_record or attempt_record.startswith(SCREEN):
        return None
    if tail.begins and not tail.turns:
        return None  # how the turn began that ends here is not known
    if tail.record == attempt_record or tail.ending in (Ending.NOTHING, Ending.ERROR):
        return None
    last = tail.turns[-1] if tail.turns else None
    return Actor.YOU if last is None or last.origin is Origin.TYPED else Actor.CLAUDE


def same_text(shown: str, ours: str) -> bool:
    """Whether the box shows exactly our text; rows that the terminal wrapped differ in blanks."""
    return bare(shown) == bare(ours)


def is_turn(turn: UserTurn, ours: str) -> bool:
    """Whether this prompt of the transcript is exactly our text."""
    return turn.digest == digest(ours) if turn.digest else same_text(turn.text, ours)


def _holds_ours(reading: Reading, ours: str) -> bool:
    """Whether the box holds exactly our text, the mark that stands for it, or its last rows.

    The mark tells only how many lines were pasted, and a box that is too low only the number of the
    rows above. The text went into an empty box in one piece, which tmux itself saw to, so a lone
    mark with our number of lines is ours, and so is our end below as many rows as the rest takes.
    """
    if reading.box is not Box.DRAFT or reading.unended:
        return False
    if reading.folded is not None:
        return not reading.hidden and reading.folded == ours.count("\n")
    return is_the_end(reading, ours) if reading.hidden else same_text(reading.draft, ours)


def _delivered(attempt: Attempt, evidence: Evidence) -> bool:
    if attempt.step is Step.DUE or evidence.tail is None:
        return False
    parked = evidence.registry.parked if evidence.registry is not None else None
    copied_before = parked.began_at if parked is not None and parked.began_at is not None else 0.0
    return any(
        turn.offset >= attempt.offset and turn.at >= copied_before and is_turn(turn, attempt.text)
        for turn in evidence.tail.turns
    )


def _begin(attempt: Attempt, evidence: Evidence, rules: ResumeRules) -> Move:
    by = moved_by(attempt.record, evidence)
    if by is not None:
        return Move(Deed.SKIP, "it continued by itself", by=by)
    if evidence.dead:
        return _relaunch(attempt, evidence)
    if evidence.open_elsewhere:
        return Move(Deed.WAIT, "the conversation is open in another process", yours=True)
    busy = _not_ready(evidence)
    if busy:
        return Move(Deed.WAIT, busy, yours=busy != WORKS)
    if evidence.aside:
        return Move(Deed.WAIT, evidence.aside, yours=True)
    pane, reading = evidence.pane, evidence.reading
    if pane is None or reading is None:
        return Move(Deed.WAIT, "the screen was not read")
    hands_off = _hands_off(attempt, pane, evidence.at, rules)
    if hands_off is not None:
        return hands_off
    if reading.dialog is Dialog.OTHER and not _waits(evidence):
        return Move(Deed.WAIT, "no prompt box is on the screen", yours=True)
    if reading.dialog is not None:
        return _close_dialog(attempt, reading.dialog, evidence.at)
    by_screen = attempt.record.startswith(SCREEN) and not attempt.by_hand
    if by_screen and reading.look is not Look.LIMIT:
        return Move(Deed.ASK_HUMAN, BANNER_GONE)
    settled = attempt.keyed_at + ESCAPE_SETTLE_SECONDS
    if evidence.at < settled:
        return Move(Deed.WAIT, "letting the last key settle", until=settled)
    return _into_the_box(attempt, reading, rules)


def _not_ready(evidence: Evidence) -> str:
    """Why a living process is not at its prompt; empty when it is."""
    if evidence.life is Life.STOPPED:
        return "the process is stopped"
    registry, reading = evidence.registry, evidence.reading
    status = registry.status if registry is not None else None
    if status is Status.BUSY or (reading is not None and reading.look is Look.WORK):
        return WORKS
    closable = reading is not None and reading.dialog in CLOSABLE
    waiting_for = registry.waiting_for if registry is not None else ""
    if status is Status.WAITING and waiting_for != DIALOG_OPEN and not closable:
        return "it asks you something" + (f" ({waiting_for})" if waiting_for else "")
    if reading is not None and reading.look is Look.QUESTION:
        return "it asks you something"
    return ""


def _hands_off(attempt: Attempt, pane: PaneFacts, now: float, rules: ResumeRules) -> Move | None:
    obstacle = _obstacle(pane)
    if obstacle:
        return Move(Deed.WAIT, obstacle, yours=not pane.unread)
    unasked = attempt.halt is not None and not attempt.by_hand
    quiet = rules.human_quiet_seconds if unasked else 0.0
    # A moment far ahead was told by a clock that has been set back since.
    if pane.human_at is not None and -GAP_SECONDS < now - pane.human_at < quiet:
        return Move(Deed.WAIT, "you are at this pane", until=pane.human_at + quiet)
    return None


def _obstacle(pane: PaneFacts) -> str:
    """Why the pane cannot be given keys now; empty when it can."""
    if pane.in_mode:
        return "the pane is in copy mode or another tmux mode"
    if pane.synchronized:
        return "synchronize-panes is on: keys would reach other panes"
    if pane.input_off:
        return "input to the pane is switched off"
    return "keys are waiting unread in the pane" if pane.unread else ""


def _close_dialog(attempt: Attempt, dialog: Dialog, now: float) -> Move:
    if dialog is Dialog.AGENTS_VIEW:
        return Move(Deed.WAIT, "the agents view is open; open the session there", yours=True)
    if dialog is Dialog.SUBAGENT_VIEW:
        return Move(Deed.WAIT, "a subagent's view is open; leave it there", yours=True)
    if dialog not in CLOSABLE:
        return Move(Deed.WAIT, f"a {dialog} is open; only you may answer it", yours=True)
    if attempt.escapes >= MAX_ESCAPES:
        return Move(Deed.ASK_HUMAN, f"the {dialog} did not close")
    if attempt.escapes and now < attempt.keyed_at + ESCAPE_AGAIN_SECONDS:
        return Move(Deed.WAIT, f"waiting for the {dialog} to close")
    return Move(Deed.ESCAPE, f"closing the {dialog}", dialog=dialog)


def _close_question(attempt: Attempt, evidence: Evidence) -> Move:
    """Claude Code may ask "Resume this conversation?" after our Enter too; Escape keeps it."""
    obstacle = _obstacle(evidence.pane) if evidence.pane is not None else "the pane was not read"
    if obstacle:
        return Move(Deed.WAIT, obstacle)
    return _close_dialog(attempt, Dialog.RESUME_QUESTION, evidence.at)


def _into_the_box(attempt: Attempt, reading: Reading, rules: ResumeRules) -> Move:
    if reading.selects:
        return Move(Deed.WAIT, VISUAL_MODE, yours=True)
    if reading.box in (Box.EMPTY, Box.PLACEHOLDER):
        if too_low_for(attempt.text, reading):
            return Move(Deed.WAIT, "the pane is too small to show the text", yours=True)
        return Move(Deed.TYPE, "the prompt is empty")
    if reading.box is Box.NONE:
        return Move(Deed.WAIT, "no prompt box is on the screen")
    if attempt.stashed:
        return Move(Deed.WAIT, "the draft did not go away", yours=True)
    # What Control-S does to blanks is not known.
    if rules.draft == "stash" and not reading.draft.isspace():
        return Move(Deed.STASH, "putting your draft aside")
    return Move(Deed.WAIT, "your draft is in the prompt box", yours=True)


def _typed(attempt: Attempt, evidence: Evidence, rules: ResumeRules) -> Move:
    if evidence.dead:
        return _relaunch(attempt, evidence)
    if evidence.aside:
        return Move(Deed.WAIT, evidence.aside, yours=True)
    waited = evidence.at - attempt.stepped_at
    pane, reading = evidence.pane, evidence.reading
    if pane is None or reading is None:
        return Move(Deed.WAIT, "the screen was not read")
    if reading.box is Box.DRAFT:
        return _text_in_box(attempt, evidence, pane, reading)
    if pane.unread:
        return Move(Deed.WAIT, "Claude Code has not read the text yet")
    empty = reading.box in (Box.EMPTY, Box.PLACEHOLDER)
    if empty and attempt.step is Step.TYPING and waited >= RETYPE_AFTER_SECONDS:
        return _begin(attempt, evidence, rules)  # it never arrived: as if for the first time
    if waited >= PROOF_SECONDS:
        return Move(Deed.ASK_HUMAN, "the text was typed but does not show in the prompt box")
    return Move(Deed.WAIT, "waiting for the text to show")


def _text_in_box(attempt: Attempt, evidence: Evidence, pane: PaneFacts, reading: Reading) -> Move:
    if not _holds_ours(reading, attempt.text):
        cut = bool(reading.hidden or reading.unended)
        partial = cut or bare(attempt.text).startswith(bare(reading.draft))
        if partial and evidence.at - attempt.stepped_at < PROOF_SECONDS:
            return Move(Deed.WAIT, "waiting for the text to show")
        return Move(Deed.ASK_HUMAN, NOT_ALL_SHOWN if cut else MORE_IN_THE_BOX)
    if reading.selects:
        return Move(Deed.WAIT, VISUAL_MODE, yours=True)
    obstacle, ready = _obstacle(pane), attempt.keyed_at + ENTER_GAP_SECONDS
    if obstacle or evidence.at < ready:
        return Move(Deed.WAIT, obstacle or "letting the text settle", until=ready)
    return Move(Deed.ENTER, "the prompt box holds exactly our text")


def _entered(attempt: Attempt, evidence: Evidence) -> Move:
    waited = evidence.at - attempt.stepped_at
    reading = evidence.reading
    if evidence.dead:
        return Move(Deed.ASK_HUMAN, "the process died right after Enter")
    if reading is not None and _holds_ours(reading, attempt.text):
        obstacle = _obstacle(evidence.pane) if evidence.pane is not None else "not read"
        if attempt.keyed_at < attempt.stepped_at and not obstacle:
            # The journal says "about to press", and our text is still there: it was never pressed.
            return Move(Deed.ENTER, "the prompt box still holds our text; Enter was not pressed")
        if waited >= ENTER_SECONDS:
            return Move(Deed.ASK_HUMAN, "Enter did not send the text; it is still in the box")
        return Move(Deed.WAIT, "waiting for the turn")
    if evidence.tail is None and _works(evidence):
        return Move(Deed.CONFIRM, "sent; it works on it")
    if reading is not None and reading.dialog is Dialog.RESUME_QUESTION:
        return _close_question(attempt, evidence)
    if waited >= CONFIRM_SECONDS:
        return Move(Deed.ASK_HUMAN, "Enter was pressed, but no turn appeared in the transcript")
    return Move(Deed.WAIT, "waiting for the turn")


def _launched(attempt: Attempt, evidence: Evidence) -> Move:
    if evidence.dead:
        return _relaunch(attempt, evidence)
    if evidence.tail is None and _works(evidence):
        return Move(Deed.CONFIRM, "it runs again and works on it")
    if evidence.at - attempt.stepped_at >= LAUNCH_SECONDS:
        return Move(Deed.ASK_HUMAN, "it was started again, but its prompt never became a turn")
    dialog = evidence.reading.dialog if evidence.reading is not None else None
    if dialog is Dialog.TRUST:
        return Move(Deed.WAIT, "the trust dialog is open; only you may answer it")
    if dialog is Dialog.RESUME_QUESTION:
        return _close_question(attempt, evidence)
    return Move(Deed.WAIT, "waiting for the relaunched process")


def _relaunch(attempt: Attempt, evidence: Evidence) -> Move:
    if evidence.open_elsewhere:
        return Move(Deed.WAIT, "the conversation is open in another process")
    if attempt.halt is None:
        return Move(Deed.ASK_HUMAN, "the session ended before the message was delivered")
    if attempt.launches >= MAX_LAUNCHES:
        return Move(Deed.GIVE_UP, f"it ended right after each of {attempt.launches} starts")
    pause = attempt.stepped_at + 2.0**attempt.launches
    if attempt.launches and evidence.at < pause:
        return Move(Deed.WAIT, "pausing before the next start", until=pause)
    return Move(Deed.RELAUNCH, "its process is gone")


def _waits(evidence: Evidence) -> bool:
    """Whether something that its user must answer may be open; a silent registry denies nothing."""
    return evidence.registry is None or evidence.registry.status not in AT_PROMPT


def _works(evidence: Evidence) -> bool:
    if evidence.registry is not None and evidence.registry.status is Status.BUSY:
        return True
    return evidence.reading is not None and evidence.reading.look is Look.WORK
