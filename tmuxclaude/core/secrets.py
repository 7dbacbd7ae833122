"""Takes secrets out of what leaves the house. Pure.

Better one word too many than one too few: what looks like a key, a password or an address of a
person is replaced, wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

REDACTED = "[redacted]"

_NAME = re.compile(
    r"(?:^|[_.-])(?:api[_-]?key|key|token|secret|passw(?:or)?d|passphrase|pwd|auth|authorization"
    r"|credentials?|cookie|bearer|dsn)(?:$|[_.-])",
    re.IGNORECASE,
)
"""A word with which variables and options name a secret."""

# Each begins where no word goes on, so that a long word is looked at once and not at each letter.
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\b(bearer|basic)\s+[^\s\"']+", rf"\1 {REDACTED}"),
        (r"(?<![\w-])sk-[\w-]{6,}", REDACTED),
        (r"\b(?:gh[opsur]_|github_pat_|glpat-|xox[abprs]-|npm_|hf_)[\w-]{8,}", REDACTED),
        (r"\b(?:AKIA|ASIA|AIza)[\w-]{12,}", REDACTED),
        (r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?", REDACTED),
        (r"(?<=://)[^/\s:@\"']*:[^/\s@\"']+(?=@)", REDACTED),
        (r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", REDACTED),
    )
)
_ASSIGNED = re.compile(r"(?<![\w.-])([\w.-]+)([\"']?\s*[=:]\s*[\"']?)([^\s\"',;&]+)")


def redact(text: str) -> str:
    """The text without keys, tokens, passwords in addresses, and mail addresses."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return _ASSIGNED.sub(_assigned, text)


def redact_words(words: Sequence[str]) -> list[str]:
    """An argv without them: what follows an option that names a secret goes too."""
    found, secret = [], False
    for word in words:
        found.append(REDACTED if secret and not word.startswith("-") else redact(word))
        secret = word.startswith("-") and "=" not in word and names_a_secret(word.lstrip("-"))
    return found


def redact_variables(pairs: Iterable[Sequence[str]]) -> list[list[str]]:
    """Variables of an environment, names as they are."""
    return [[name, REDACTED if names_a_secret(name) else redact(value)] for name, value in pairs]


def redact_plain(value: object) -> object:
    """Plain data (of JSON) without them, in the same shape."""
    match value:
        case str():
            return redact(value)
        case list():
            return [redact_plain(one) for one in value]
        case dict():
            return {
                name: REDACTED
                if isinstance(one, str) and names_a_secret(name)
                else redact_plain(one)
                for name, one in value.items()
            }
    return value


def names_a_secret(name: str) -> bool:
    """Whether a variable or an option of this name holds one."""
    return _NAME.search(name) is not None


def _assigned(found: re.Match[str]) -> str:
    if not names_a_secret(found[1]):
        return found[0]
    return f"{found[1]}{found[2]}{REDACTED}"
