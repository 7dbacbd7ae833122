"""What looking at a tmux server gives: every pane as ids and numbers, who is attached, screens.

Only fields that no program, title or directory can write are asked for, so one hostile pane cannot
blind us to the others or forge a row of theirs. Each row begins with a random token and is matched
as a whole; one that is odd is counted and costs nothing else. Knows rows; asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tmuxclaude.core.model import NAME, Pane, Server
from tmuxclaude.edges.tmux.call import Answer, Silent, end, ours
from tmuxclaude.edges.tmux.words import Command, Fmt, Id, Script, command

NONCE = re.compile(r"[0-9a-f]{32}")
_SEARCHED = re.compile(r"[A-Za-z0-9 ]{3,40}")

_FIELDS = {
    "pane_id": r"%\d+",
    "pane_pid": r"\d+",
    "pane_dead": r"[01]?",
    "pane_dead_status": r"\d*",
    "pane_dead_signal": r"[A-Z0-9]*",
    "pane_in_mode": r"\d*",
    "pane_synchronized": r"[01]?",
    "pane_input_off": r"[01]?",
    "window_id": r"@\d+",
    "session_id": r"\$\d+",
    "window_index": r"\d+",
    "window_activity": r"\d+",
}
_WORD = "^[A-Za-z0-9][A-Za-z0-9_-]*$"
_TMUX_SESSION = f"#{{?#{{m/r:{_WORD},#{{session_name}}}},#{{session_name}},}}"
# A name that could be no session's never leaves tmux, so nobody forges or breaks a row with one.
# tmux's own name for a window is nobody's wish, nor is one that a program may give it, nor is ours.
_WINDOW = (
    "#{?#{||:#{automatic-rename},#{allow-rename}},,"
    "#{?#{==:#{window_name},#{@tmuxclaude-mark}},,"
    f"#{{?#{{m/r:{_WORD},#{{window_name}}}},#{{window_name}},!}}}}}}"
)
_PANE_ROW = re.compile(
    ":".join(f"(?P<{name}>{form})" for name, form in _FIELDS.items())
    + r":(?P<tmux_session>[A-Za-z0-9_-]*):(?P<window>!|[A-Za-z0-9_-]*)"
    + r":(?P<found>\d*):(?P<nonce>.*)"
)
_SERVER_ROW = re.compile(r"server:(\d+):(\d+):(\$\d+)?")
_CLIENT_ROW = re.compile(
    r"(?P<activity>\d+):(?P<control>[01]?):(?P<pane>%\d+)?:(?P<tty>/dev/[A-Za-z0-9/]+)?"
)


@dataclass(frozen=True, slots=True)
class PaneFacts:
    """One pane. ``nonce`` is empty unless the pane carries one of ours.

    ``dead``: its program has ended and the pane stayed; then ``exit_status`` or ``exit_signal``
    says how (the signal as tmux names it), unless tmux missed it. ``window_activity`` is a UTC
    epoch in whole seconds, shared by the panes of a window. ``found`` is ``None`` when no search
    was made. ``homes``: its tmux sessions, each with the number of the window there, named as in
    ``Place``; more than one for a window that is linked. ``window_name``: as in ``Place``.
    """

    pane_id: str
    pane_pid: int
    nonce: str
    dead: bool
    exit_status: int | None
    exit_signal: str
    in_mode: bool
    synchronized: bool
    input_off: bool
    window_id: str
    session_id: str
    window_activity: int
    homes: tuple[tuple[str, int], ...] = ()
    window_name: str | None = None
    found: bool | None = None

    @property
    def unreaped(self) -> bool:
        """Dead, and tmux does not know how: before tmux 3.5 it can miss the end of a child."""
        return self.dead and self.exit_status is None and not self.exit_signal

    def at(self, server: Server) -> Pane:
        """The pane as the rest of the house knows it."""
        return Pane(server, self.pane_id, self.pane_pid, self.nonce)


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """Somebody who is attached: the last key as a UTC epoch, and the pane in front of them."""

    activity: int
    control: bool
    pane_id: str
    tty: str


@dataclass(frozen=True, slots=True)
class Listing:
    """All panes by id. ``unreadable`` counts the lines that could not be understood."""

    server: Server
    panes: dict[str, PaneFacts]
    unreadable: int
    clients: tuple[ClientFacts, ...] = ()


def questions(
    token: str, search: Sequence[str], since: int, clients: bool
) -> tuple[tuple[Command, ...], ...]:
    """The command lines of one look. ``token``: hex digits that nobody can know."""
    pane = ":".join(f"#{{{name}}}" for name in _FIELDS)
    names = f"{_TMUX_SESSION}:{_WINDOW}"
    row = f"{token}:pane:{pane}:{names}:{_search(search, since)}:#{{@tmuxclaude-id}}"
    client = "#{client_activity}:#{client_control_mode}:#{pane_id}:#{client_tty}"
    # The first tmux session that tmux finds, if there is any: without one it lists nothing.
    server = f"{token}:server:#{{pid}}:#{{start_time}}:#{{session_id}}"
    asked = [
        (command("display-message", "-p", Fmt(server)),),
        (command("list-panes", "-a", "-F", Fmt(row)), _listed(token)),
    ]
    if clients:
        rows = command("list-clients", "-F", Fmt(f"{token}:client:{client}"))
        asked.append((rows, _listed(token)))
    return (*asked, end(token))


def _listed(token: str) -> Command:
    """Behind a command that lists something: a line which proves that it was done."""
    return command("display-message", "-p", f"{token}:listed")


def listing(socket: str, token: str, answer: Answer, clients: bool) -> Listing:
    """The look that ``answer`` gives. Raises ``Silent`` unless it is whole."""
    lines = answer.lines(token)
    rows = ours(token, lines)
    head = _SERVER_ROW.fullmatch(rows[0]) if rows else None
    wanted = 0 if head is None or not head[3] else 1 + clients
    if head is None or rows.count("listed") < wanted:
        raise Silent(f"tmux's list of panes is not whole. It said: {answer.complaint[:200]!r}.")
    panes: dict[str, PaneFacts] = {}
    seen_by: list[ClientFacts] = []
    unreadable = len(lines) - len(rows)
    for one in rows[1:]:
        kind, _, row = one.partition(":")
        if one == "listed":
            continue
        if kind == "pane" and (match := _PANE_ROW.fullmatch(row)):
            # A window linked into several tmux sessions is listed once in each.
            known = panes.get(match["pane_id"])
            panes[match["pane_id"]] = _pane(match, known.homes if known is not None else ())
        elif kind == "client" and (match := _CLIENT_ROW.fullmatch(row)):
            seen_by.append(_client(match))
        else:
            unreadable += 1
    return Listing(Server(socket, int(head[1]), int(head[2])), panes, unreadable, tuple(seen_by))


def screen_questions(token: str, pane_ids: Iterable[str]) -> tuple[tuple[Command], ...]:
    """Command lines for the screens of these panes; one that is gone costs the others nothing."""
    lines = []
    for pane in map(Id, pane_ids):
        there = Fmt(f"#{{==:#{{pane_id}},{pane.value}}}")
        title = command("display-message", "-p", f"{token}:{pane.value[1:]}")
        screen = command("capture-pane", "-p", "-e", "-J", "-t", pane)
        lines.append((command("if-shell", "-F", "-t", pane, there, Script((title, screen))),))
    if lines:
        lines.append(end(token))
    return tuple(lines)


def screens(token: str, answer: Answer) -> dict[str, str]:
    """The screens by pane id. Raises ``Silent`` unless the answer is whole."""
    _, *texts = "".join(f"{line}\n" for line in answer.lines(token)).split(f"{token}:")
    parts = (text.partition("\n") for text in texts)
    return {f"%{number}": screen for number, _, screen in parts}


def _search(words: Sequence[str], since: int) -> str:
    """Look for any of ``words`` in our panes whose window printed at or after ``since``."""
    if not words:
        return ""
    for word in words:
        if not _SEARCHED.fullmatch(word):
            raise ValueError(f"not a word that tmux can search for: {word!r}")
    content = f"#{{C/ri:({'|'.join(words)})}}"
    return f"#{{?@tmuxclaude-id,#{{?#{{e|>=:#{{window_activity}},{since:d}}},{content},}},}}"


def _pane(row: re.Match[str], homes: tuple[tuple[str, int], ...]) -> PaneFacts:
    status = row["pane_dead_status"]
    return PaneFacts(
        pane_id=row["pane_id"],
        pane_pid=int(row["pane_pid"]),
        nonce=row["nonce"] if NONCE.fullmatch(row["nonce"]) else "",
        dead=row["pane_dead"] == "1",
        exit_status=int(status) if status else None,
        exit_signal=row["pane_dead_signal"],
        in_mode=row["pane_in_mode"] not in {"", "0"},
        synchronized=row["pane_synchronized"] == "1",
        input_off=row["pane_input_off"] == "1",
        window_id=row["window_id"],
        session_id=row["session_id"],
        window_activity=int(row["window_activity"]),
        homes=(*homes, (_word(row["tmux_session"]), int(row["window_index"]))),
        window_name=_word(row["window"]) if row["window"] else None,
        found=row["found"] != "0" if row["found"] else None,
    )


def _word(name: str) -> str:
    """The name if a session could have it, else nothing."""
    return name if NAME.fullmatch(name) else ""


def _client(row: re.Match[str]) -> ClientFacts:
    return ClientFacts(
        int(row["activity"]), row["control"] == "1", row["pane"] or "", row["tty"] or ""
    )
