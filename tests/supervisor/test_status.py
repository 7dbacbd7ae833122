"""What tmux shows of the sessions while they live: the status line, and marks at their windows."""

from __future__ import annotations

import re

import tomli_w

from tests.conftest import PrivateServer
from tests.supervisor.house import AHEAD, TASK, House
from tests.supervisor.seat import Seat
from tests.waiting import until
from tmuxclaude.core.model import Launch, Session, State
from tmuxclaude.edges.clock import Clock
from tmuxclaude.edges.tmux.status import Segment
from tmuxclaude.supervisor.observe import Observer

SEGMENT = "#{T:@tmuxclaude-segment}"


def configure(house: House, **status: object) -> None:
    """Adds a section to the configuration that the house has."""
    text = house.paths.config.read_text()
    house.paths.config.write_text(text + tomli_w.dumps({"status": status}))


def segment(house: House) -> str:
    return house.server.say("display-message", "-p", SEGMENT)


def shows(house: House, begin: str) -> str:
    until(lambda: segment(house).startswith(begin), what=lambda: f"{begin}: {segment(house)!r}")
    return segment(house)


def window(seat: Seat) -> str:
    return seat.show("#{window_name}")


def options(seat: Seat) -> str:
    return seat.server.say("show-options", "-w", "-t", seat.pane)


def test_the_status_line_says_what_there_is(house: House) -> None:
    assert segment(house) == ""
    web = house.new("web", work_seconds=60).idle()
    api = house.new("api", limit={"resets_in": AHEAD, "lifts_in": 0}).idle()
    house.server.say("set-option", "-g", "status-right", SEGMENT)
    api.never(lambda: segment(house), 0.5)
    api.say(TASK)
    assert ":" in shows(house, "⏳1 · ")
    web.say(TASK)
    shows(house, "⏳1 ▶1 · ")
    house.kill()
    # As if half a minute had passed since its last look.
    house.server.say("set-environment", "-g", "-h", "TMUXCLAUDE_LOOKED_AT", "1000000000")
    assert segment(house) == "✗ tmuxclaude"
    house.start()
    shows(house, "⏳1 ▶1 · ")
    house.run("pause")
    shows(house, "⏸ ⏳1 ▶1 · ")
    house.run("unpause")
    web.kill()
    shows(house, "⏳1 ↺1 · ")
    house.stop()
    assert segment(house) == "✗ tmuxclaude"
    house.start()
    shows(house, "⏳1 ↺1 · ")
    house.run("stop", "--all", "--now")
    until(lambda: segment(house) == "", what=lambda: segment(house))
    house.stop()
    assert segment(house) == ""


def test_only_a_server_that_is_not_watched_any_more_is_cleared(tmux_server: PrivateServer) -> None:
    socket, shown = tmux_server.socket, Segment("▶1", "gone", 30)
    here = Session("0" * 32, "api", "/", "/a", Launch(()), State.IDLE, 0.0, socket=socket)
    observer = Observer(lambda _: tmux_server.tmux, Clock())
    observer.segment, observer.watched = shown, frozenset({socket})
    observer.look([here], frozenset())
    observer.look([], frozenset())  # as in a brisk round for another server
    assert tmux_server.say("display-message", "-p", SEGMENT) == shown.text
    observer.watched = frozenset()
    observer.look([], frozenset())
    assert tmux_server.say("display-message", "-p", SEGMENT) == ""
    observer.close()


def test_a_limited_sessions_window_is_marked_until_it_goes_on(closed_house: House) -> None:
    house = closed_house
    configure(house, window_marks=True, symbols="ascii")
    house.start()
    api = house.new("api").idle()
    before = options(api)
    web = house.limited("web")
    until(lambda: re.fullmatch(r"web ~(... )?\d\d:\d\d", window(web)), what=web.story)
    marked = window(web)
    assert window(api) == "api"
    assert web.row()["name"] == "web"
    # Killed, and back: the mark is still the same one, and its own name is known.
    house.kill()
    assert window(web) == marked
    house.start()
    web.never(lambda: window(web) != marked)
    # It goes on.
    house.let_it_be_due()
    until(lambda: web.halts()[-1]["ended_at"], what=web.story)
    until(lambda: window(web) == "web", what=web.story)
    assert options(web) == before


def test_no_mark_stays_behind(closed_house: House) -> None:
    house = closed_house
    configure(house, window_marks=True)
    house.start()
    web = house.limited("web")
    until(lambda: window(web).startswith("web ⏳"), what=web.story)
    house.stop()
    assert window(web) == "web"
    assert "@tmuxclaude" not in options(web)
    house.start()
    until(lambda: window(web).startswith("web ⏳"), what=web.story)
    # Switched off while it was dead.
    house.kill()
    house.configure()
    house.start()
    until(lambda: window(web) == "web", what=web.story)
    house.stop()
    # Renamed by its user while it is marked.
    configure(house, window_marks=True)
    house.start()
    until(lambda: window(web).startswith("web ⏳"), what=web.story)
    house.server.say("rename-window", "-t", web.pane, "my: own!")
    house.stop()
    assert window(web) == "my: own!"
    assert "@tmuxclaude" not in options(web)
