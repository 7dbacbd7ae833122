"""Other processes, for what one process cannot show."""

import subprocess
import sys
from pathlib import Path

import tmuxclaude

ROOT = Path(tmuxclaude.__file__).parents[1]


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python that runs ``code``; its standard output can be read."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def run(code: str, *arguments: object) -> str:
    """What a Python that runs ``code`` prints; it must succeed."""
    process = start(code, *arguments)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output
