"""Which transcripts an account has, and what each file is like: names and numbers, nothing is read.

It costs little more than one ``stat`` a file, for it is asked again and again. What is in a file,
``claude_files`` reads.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from tmuxclaude.core.conversations import Mark

MOST = 200_000
"""More files than this in one account are a mistake or an attack."""

_NAME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.jsonl", re.IGNORECASE | re.ASCII)


@dataclass(slots=True)
class Listing:
    """``marks``: by path, each file whose name is a transcript's, whatever it is.

    ``problems``: by path, the folders that could not be listed, and why; what is in them is not
    known.
    """

    marks: dict[str, Mark] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def transcripts(account: str) -> Listing:
    """The transcripts of the account in this directory; none where it has no projects yet."""
    found = Listing()
    projects = f"{account}/projects"
    try:
        with os.scandir(projects) as entries:
            folders = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return found
    except OSError as error:
        found.problems[projects] = error.strerror or str(error)
        return found
    for folder in folders:
        _list(folder, found)
    if len(found.marks) >= MOST:
        found.problems[projects] = f"only {MOST} of its transcripts were looked at"
    return found


def _list(folder: str, found: Listing) -> None:
    marks, is_name = found.marks, _NAME.fullmatch
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not is_name(entry.name) or len(marks) >= MOST:
                    continue
                try:
                    facts = entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # it was removed meanwhile
                    continue
                marks[entry.path] = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
    except FileNotFoundError:
        return
    except OSError as error:
        found.problems[folder] = error.strerror or str(error)
