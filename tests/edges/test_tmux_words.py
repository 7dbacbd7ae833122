"""Words for tmux: typed, written down inertly, and tried with texts that would run something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.edges.playing import open_box, open_window
from tests.waiting import until
from tmuxclaude.core.model import Pane
from tmuxclaude.edges.tmux import Sent
from tmuxclaude.edges.tmux.call import Door
from tmuxclaude.edges.tmux.words import Fmt, Id, Lit, Raw, Text, command, written


def test_words_are_typed() -> None:
    for bad in ("a b", "#(x)", "", "a;", "a\n", "'", "~"):
        with pytest.raises(ValueError, match="plain"):
            Lit(bad)
    for bad in ("%", "%1\n", "%-1", "1", "user", "%1;", "%٣"):
        with pytest.raises(ValueError, match="id"):
            Id(bad)
    for bad in ("#(x)", "#{E:pane_title}", "#{T:x}", "#{=5;E:x}", "a\nb"):
        with pytest.raises(ValueError, match="format"):
            Fmt(bad)
    for kind in (Text, Raw):
        with pytest.raises(ValueError, match="NUL"):
            kind("\0")
    with pytest.raises(TypeError):
        written([("list-panes",)])  # type: ignore[list-item]


def test_words_are_written_so_that_nothing_means_anything() -> None:
    assert written([command("rename-window", "-t", Id("%1"), "--", Text("#a;"))]) == (
        rb'"rename-window" "-t" "\0451" "--" "\043\043a\073"'
    )
    assert written([command("a"), command("b", Raw("~$x"))]) == rb'"a" ; "b" "\176\044x"'


class TestNothingRuns:
    """For a short-lived client tmux runs ``#(…)`` of a text only sometimes, hence many tries."""

    TRIES = 25

    @pytest.fixture
    def marker(self, tmux_server: PrivateServer) -> Iterator[Path]:
        with tmux_server.control_client():
            yield tmux_server.directory / "X"

    def test_the_trap_is_real(self, tmux_server: PrivateServer, marker: Path) -> None:
        pane = next(iter(tmux_server.tmux.panes().panes))
        for _ in range(self.TRIES):
            tmux_server.say("rename-window", "-t", pane, f"#(touch {marker})")
        until(marker.exists, what="tmux runs it")

    def test_text_is_shown_as_it_is(self, tmux_server: PrivateServer, marker: Path) -> None:
        door = Door(tmux_server.socket, "tmux", 5)
        (pane,) = tmux_server.tmux.panes().panes
        name = f"#(touch {marker}) #{{pane_id}} ##;"
        for _ in range(self.TRIES):
            assert not door.ask((command("rename-window", "-t", Id(pane), "--", Text(name)),)).out
        assert tmux_server.say("display-message", "-p", "-t", pane, "#{window_name}") == name
        assert not marker.exists()

    def test_directory_environment_and_argv(self, tmux_server: PrivateServer, marker: Path) -> None:
        text = f"#(touch {marker});"
        (tmux_server.directory / "#(touch X);").mkdir()
        for directory in (tmux_server.directory / "#(touch X);", tmux_server.directory):
            for _ in range(self.TRIES):
                open_window(
                    tmux_server,
                    *("/bin/true", text),
                    directory=str(directory),
                    environment=[("A", text)],
                )
        assert not marker.exists()
        assert not list(tmux_server.directory.glob("*/X"))

    def test_typed_text_and_respawn(self, tmux_server: PrivateServer, marker: Path) -> None:
        tmux, box = tmux_server.tmux, open_box(tmux_server)
        text = f"#(touch {marker});"
        for _ in range(self.TRIES):
            assert tmux.type_text(box.pane, text) == Sent()
        pane = open_window(tmux_server, "/bin/sh", "-c", "exit 1").pane

        def dead() -> bool:
            return tmux.panes().panes[pane.pane_id].dead

        for _ in range(self.TRIES):
            until(dead, what="a dead pane")
            after = tmux.respawn(
                pane,
                directory=str(tmux_server.directory),
                environment=[("A", text)],
                argv=["/bin/sh", "-c", "exit 1", text],
            )
            assert isinstance(after, Pane)
            pane = after
        assert not marker.exists()
