"""Fixtures of the end-to-end tests, and the rule that they are never skipped in silence."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end import claude_code
from tests.end_to_end.api import Api
from tests.end_to_end.home import Home
from tests.end_to_end.product import Product
from tests.end_to_end.terminal import Server, sweep

HERE = Path(__file__).parent
OFF = os.environ.get("E2E") == "0"
IN_CI = bool(os.environ.get("CI"))
TIMEOUT = 180
LOUD = "E2E=0: THE END-TO-END TESTS WERE SKIPPED, nothing ran against the real Claude Code"


def _is_ours(item: pytest.Item) -> bool:
    return HERE in item.path.parents


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in filter(_is_ours, items):
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip here, not by a mark: so all of them fold into one line of the summary (`-ra`)."""
    if OFF and _is_ours(item):
        pytest.skip(LOUD)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """In CI, a skip that nobody asked for is a failure."""
    report = yield
    if _is_ours(item) and IN_CI and not OFF and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be skipped: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of latencies: seconds from the reset, with a margin of 2 s."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    told = {row for r in reports for kind, row in r.user_properties if kind == "latency"}
    if told:
        terminalreporter.section("seconds from the reset: first deed, turn")
        for row in sorted(told):
            terminalreporter.write_line(row)


@pytest.fixture(scope="session")
def claude() -> Path:
    """The installed program."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is missing: install the package `tmux`")
    try:
        return claude_code.install()
    except claude_code.InstallError as reason:
        pytest.skip(str(reason))


@pytest.fixture
def api() -> Iterator[Api]:
    server = Api()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def box() -> Iterator[Path]:
    """A directory with a path short enough for the sockets of tmux and Claude Code."""
    folder = Path(tempfile.mkdtemp(prefix="tc-", dir="/tmp")).resolve()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_home(claude: Path, api: Api, box: Path) -> Callable[..., Home]:
    """Makes a home with other options than `home` has (see `Home`)."""

    def make(name: str = "home", **options: Any) -> Home:
        return Home(box / name, api.url, **options)

    return make


@pytest.fixture
def make_server(box: Path) -> Iterator[Callable[[Home], Server]]:
    """Starts a tmux server in a home; each is killed at the end."""
    servers: list[Server] = []

    def make(home: Home) -> Server:
        server = Server(box / f"tmux{len(servers)}", home)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        _show(server)
        server.stop()
    for home in {server.home.root: server.home for server in servers}.values():
        if left := sweep(home):
            warnings.warn(f"processes outlived their tmux server: {left}", stacklevel=1)


def _show(server: Server) -> None:
    """Print the last screens: pytest shows them when the test failed."""
    with contextlib.suppress(RuntimeError):  # a pane, or the server, may have ended
        for pane in server.panes():
            print(f"--- {pane.id} {pane.show('#{pane_current_command} #{pane_dead}')}")
            print(pane.screen().rstrip())


@pytest.fixture
def home(make_home: Callable[..., Home], request: pytest.FixtureRequest) -> Home:
    """A subscriber's home; `@pytest.mark.parametrize("home", [{...}], indirect=True)` varies it."""
    return make_home(**getattr(request, "param", {}))


@pytest.fixture
def server(home: Home, make_server: Callable[[Home], Server]) -> Server:
    """A private tmux server in that home."""
    return make_server(home)


@pytest.fixture
def product(server: Server, request: pytest.FixtureRequest) -> Iterator[Product]:
    """tmuxclaude in the home of ``server``, with its supervisor running."""
    rows = request.node.user_properties
    product = Product(server, lambda row: rows.append(("latency", row)))
    product.start()
    yield product
    product.stop()
    print(product.story())
