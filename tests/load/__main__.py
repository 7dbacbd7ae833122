"""What ``make load`` runs: 10 sessions, 100 messages each, the supervisor killed a dozen times.

python -m tests.load [--sessions 10] [--messages 100] [--kills 12]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.conftest import PrivateServer
from tests.load.run import run
from tests.supervisor.house import House


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--messages", type=int, default=100)
    parser.add_argument("--kills", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tc-") as home:
        os.environ["HOME"] = home  # the tmux server hands it to every Claude Code of this test
        server = PrivateServer()
        house = House(Path(home).resolve(), server.start())
        try:
            tally = run(house.start(), options.sessions, options.messages, options.kills)
        finally:
            house.stop()
            server.remove()
    print(tally)
    return 0 if tally.promise_holds() else 1


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
