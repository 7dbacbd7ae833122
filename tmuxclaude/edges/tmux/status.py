"""The segment of the status line as tmux keeps it: one option, and the time of our last look.

``#{T:@tmuxclaude-segment}`` is worked out by tmux itself, each time it draws a status line: no
process, and still nothing stale, for the option's value is a format that compares tmux's own clock
with the time of our last look. That time is a hidden variable of tmux's environment, because the
setting of an option redraws every client (tmux 3.3a) and a look is made each second; a hidden one
is not given to the programs in panes. Of several registries whose supervisors look at one server,
the segment is that of the first, as long as it looks. Knows tmux; what the segment says,
``core/segment`` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tmuxclaude.edges.tmux.words import Command, Fmt, Lit, Raw, Script, command

SEGMENT = "@tmuxclaude-segment"
_WANTED = "TMUXCLAUDE_SEGMENT"
_LOOKED_AT = "TMUXCLAUDE_LOOKED_AT"
_OWNER = "TMUXCLAUDE_SEGMENT_OWNER"


@dataclass(frozen=True, slots=True)
class Segment:
    """``text`` is shown, or ``gone`` when no look was made for ``patience`` seconds.

    Neither holds ``#``, ``%``, a comma or a brace. Without a text nothing is shown while looks are
    made; without both never. ``owner``: letters and digits by which a registry knows its own.
    """

    text: str = ""
    gone: str = ""
    patience: int = 0
    owner: str = ""

    def at_the_end(self) -> Segment:
        """The same when no look will follow: what tmux shows changes at once."""
        return replace(self, text=self.gone)

    def nothing(self) -> Segment:
        """The same for a server with which its owner has no more to do."""
        return replace(self, text="", gone="")


def shown(segment: Segment, looked_at: int) -> tuple[tuple[Command, ...], ...]:
    """Command lines that make it the segment of a server, and this the time of its last look.

    They do nothing while another owner looks. ``looked_at``: UTC epoch seconds. The option is set,
    which redraws, only when it changes.
    """
    value = _value(segment)
    fresh = _fresh(f"{looked_at:d}", segment.patience)
    ours = Fmt(f"#{{||:#{{==:#{{{_OWNER}}},{segment.owner}}},#{{!=:{fresh},1}}}}")
    differs = Fmt(f"#{{!=:#{{{SEGMENT}}},#{{{_WANTED}}}}}")
    taken = Script((command("set-option", "-g", SEGMENT, Raw(value)),))
    said = Script(
        (
            command("set-environment", "-g", "-h", _OWNER, Raw(segment.owner)),
            command("set-environment", "-g", "-h", _LOOKED_AT, Lit(f"{looked_at:d}")),
            command("set-environment", "-g", "-h", _WANTED, Raw(value)),
            command("if-shell", "-F", differs, taken),
        )
    )
    return ((command("if-shell", "-F", ours, said),),)


def _value(segment: Segment) -> str:
    """What the option holds: a format, empty when there is never anything to be shown."""
    if not (segment.text or segment.gone):
        return ""
    return f"#{{?{_fresh('%s', segment.patience)},{segment.text},{segment.gone}}}"


def _fresh(now: str, patience: int) -> str:
    """A format: 1 when the last look is no older than that, by either sign.

    A clock that was set back must not make the dead look alive.
    """
    age = f"#{{e|-|:{now},#{{{_LOOKED_AT}}}}}"
    return f"#{{&&:#{{e|<:{age},{patience:d}}},#{{e|>:{age},-{patience:d}}}}}"
