"""The words in which Claude Code and its API name a limit, as tables.

It knows texts and names only: not where on a screen or in a transcript they stand, and no times. A
new limit text is one more line in a table here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tmuxclaude.core.model import LimitKind


@dataclass(frozen=True, slots=True)
class LimitText:
    """One limit message. ``words``: the whole line, blanks made single.

    ``reset_text``: what is said about the end, ready for ``core.resets``: ``11:20pm (UTC)``,
    ``in 5 minutes``, or an epoch in digits; empty when nothing is said.
    """

    kind: LimitKind
    words: str
    reset_text: str = ""


_CLAIMS = {
    "five_hour": LimitKind.FIVE_HOUR,
    "seven_day": LimitKind.SEVEN_DAY,
    "seven_day_opus": LimitKind.OPUS,
    "seven_day_sonnet": LimitKind.SONNET,
    "seven_day_overage_included": LimitKind.MODEL,  # 2.1.329 prints it as "Fable limit"
}
"""The claim ``overage`` is not here: whether credits, a seat or time is what is missing, only the
words of 2.1.329 tell."""

_MODEL_VERSION = r"(?: [\d.]+)?(?: weekly)?"
_NAMES: tuple[tuple[str, LimitKind], ...] = (
    (r"(?:5-hour|five-hour|session)", LimitKind.FIVE_HOUR),
    (r"weekly", LimitKind.SEVEN_DAY),
    (rf"opus{_MODEL_VERSION}", LimitKind.OPUS),
    (rf"sonnet{_MODEL_VERSION}", LimitKind.SONNET),
    (rf"(?:fable|haiku|mythos){_MODEL_VERSION}", LimitKind.MODEL),
    (r"(?:(?:\w+'s )?monthly|individual)(?: spend)?", LimitKind.SPEND),
    (r"spend", LimitKind.SPEND),
    (r"\w+'s pooled group", LimitKind.SPEND),
    (r"usage credit", LimitKind.CREDIT),
    (r"fast", LimitKind.OTHER),  # fast mode pauses; the turn could go on without it
    (r"(?:claude(?: ai)?)?", LimitKind.USAGE),
)
"""What stands before ``limit``, ``usage limit`` or ``budget``. The first that fits; a name that is
not here is a usage limit all the same."""

_PARTED = r"\s*[·∙|,;:(–—-]\s*"
"""What may part the name from the time."""
_SAID = rf"(?:\s*(?:[·∙|].*|\.(?: .*)?)?|{_PARTED}resets\b.*)"
"""What may follow the name: nothing, a separator and more, a full stop and more, or in any other
way the time. Anything else is prose."""
_RESETS = (
    rf"(?:{_PARTED}|\. |\s+)"
    r"(?:resets\b|your limit will reset at\b|(?:please )?try again in\b|\d{10}\b).*"
)

_NAMED: tuple[str, ...] = (
    r"You(?:'|’)ve (?:hit|reached) your (?P<name>(?:[^·∙|.]|\.(?=\d)){0,60}?)\b(?:limit|budget)"
    rf"(?: for (?P<model>(?:fable|haiku|mythos|opus|sonnet)(?: [\d.]+)?))?{_SAID}",
    rf"(?P<name>[\w' -]{{0,40}}?)\blimit reached(?:{_RESETS}|\.?)",
)
_OTHERS: tuple[tuple[str, LimitKind], ...] = (
    # The subscription's own time ends this one; the same words without a time only name credits.
    (rf"You(?:'|’)re out of (?:extra usage|usage credits){_PARTED}resets\b.*", LimitKind.USAGE),
    (rf"You(?:'|’)re out of (?:extra usage|usage credits){_SAID}", LimitKind.CREDIT),
    (rf"Your org is out of usage{_SAID}", LimitKind.CREDIT),
    (r"(?:Fable|Haiku|Mythos|Opus|Sonnet)(?: [^·\n]{1,40})? requires usage credits\b.*",
     LimitKind.CREDIT),
    (rf"Your seat type doesn(?:'|’)t include (?:extra )?usage(?: credits)?{_SAID}", LimitKind.SEAT),
    (rf"Your usage allocation has been disabled by your admin{_SAID}", LimitKind.SEAT),
    (rf"Your group(?:'|’)s usage limit is set to \$0{_SAID}", LimitKind.SEAT),
    (rf"This service is disabled for your org{_SAID}", LimitKind.SEAT),
    (rf"Usage is paused for your organization{_SAID}", LimitKind.SEAT),
    (r"(?:Please )?try again in \d+ (?:second|minute|hour|day)s?\.?", LimitKind.USAGE),
)  # fmt: skip

_NAMED_PATTERNS = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _NAMED)
_NAME_PATTERNS = tuple(
    (re.compile(rf"{name}(?:\s*usage)?", re.IGNORECASE), kind) for name, kind in _NAMES
)
_OTHER_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in _OTHERS)

_WHEN = re.compile(
    r"(?:[·∙|.,;:(–—-]|limit reached|^)\s*"
    r"(?:(?:(?:it )?resets|your limit will reset)(?: at)?\s+"
    r"(?P<clock>[^·∙|]+?)(?=\. (?-i:[A-Z])|[·∙|]|$)"
    r"|(?:please )?try again (?P<span>in \d+ (?:second|minute|hour|day)s?)"
    r"|(?P<epoch>\d{10})\b)",
    re.IGNORECASE,
)

NOT_A_LIMIT = "(not your usage limit)"
"""Claude Code's own remark on a plain 429."""

_LONGEST = 512

_ERRORS = {
    "authentication_failed": LimitKind.AUTH,
    "oauth_org_not_allowed": LimitKind.AUTH,
    "account_on_hold": LimitKind.AUTH,
    "verification_required": LimitKind.AUTH,
    "cloud_credential_error": LimitKind.AUTH,
    "billing_error": LimitKind.CREDIT,
    "overloaded": LimitKind.OVERLOADED,
    "server_error": LimitKind.SERVER,
}
_API_ERRORS = {
    "model_requires_usage_credits": LimitKind.CREDIT,
    "long_context_credits_required": LimitKind.CREDIT,
    "gateway_signin_required": LimitKind.AUTH,
    "gateway_session_expired": LimitKind.AUTH,
    "provider_credentials": LimitKind.AUTH,
    # Connections that no second try mends; 2.1.329 calls them "server_error" too.
    "tls_untrusted_ca": LimitKind.OTHER,
    "tls_cert_signature_failure": LimitKind.OTHER,
    "gateway_content_type": LimitKind.OTHER,
}
_STATUSES = {
    401: LimitKind.AUTH,
    402: LimitKind.CREDIT,
    403: LimitKind.AUTH,
    408: LimitKind.SERVER,  # the request took too long
    529: LimitKind.OVERLOADED,
}
_NO_USAGE = (LimitKind.AUTH, LimitKind.CREDIT, LimitKind.OVERLOADED, LimitKind.SERVER)
"""Not a rate: the API calls a usage limit so too."""
_API_ERROR = r"^API Error(?:: | \()"
"""Older versions than 2.1.329 write ``API Error (Request timed out.)``."""
_NETWORK_CODES = (
    r"ECONN(?:ABORTED|REFUSED|RESET)|EPIPE|E(?:SOCKET|CONN)?TIMEDOUT|ENOTFOUND|EAI_AGAIN"
    r"|E(?:NET|HOST)(?:DOWN|UNREACH)|UND_ERR_\w+_TIMEOUT|(?:UND_)?ERR_SOCKET(?:_CLOSED)?"
)
_ERROR_TEXTS: tuple[tuple[str, LimitKind], ...] = (
    (r"credit balance (?:is )?too low", LimitKind.CREDIT),
    (r"please run /login", LimitKind.AUTH),
    (rf"{_API_ERROR}529\b|\boverloaded\b", LimitKind.OVERLOADED),
    (r"^(?:Fable|Haiku|Mythos|Opus|Sonnet) is experiencing high load\b", LimitKind.OVERLOADED),
    (rf"{_API_ERROR}(?:408|5\d\d)\b", LimitKind.SERVER),
    (rf"{_API_ERROR}(?:429\b|Request rejected \(429\))|^(?:API Error: )?rate limit\b"
     r"|\byour organization(?:'|’)s rate limit\b", LimitKind.RATE),
    # A connection that was not had or was lost: the words of 2.1.329, of its runtime and of Node
    (rf"{_API_ERROR}(?:Connection (?:error|closed|dropped|lost|refused|reset|timed out"
     r"|to the API was lost)\b"
     r"|Request timed out\b|The operation (?:timed out|was aborted due to timeout)\b"
     r"|Stream idle timeout\b|No response from API\b|The API is temporarily unavailable\b"
     r"|No internet route\b|Can(?:'|’)t reach the API server\b"
     r"|Unable to connect(?: to API)?(?:\.| \(|$)"
     r"|The socket connection was closed\b|socket hang up\b|Premature close\b"
     r"|(?:TypeError: )?(?:fetch failed|terminated|other side closed)(?:[.)]|$)"
     rf"|(?!\d)[^·]*\b(?:{_NETWORK_CODES})\b)",
     LimitKind.SERVER),
)  # fmt: skip
_ERROR_PATTERNS = tuple((re.compile(text, re.IGNORECASE), kind) for text, kind in _ERROR_TEXTS)


def recognise(line: str) -> LimitText | None:
    """The limit that one logical line of Claude Code's own says, or ``None``.

    ``line``: the text without its mark (``⎿``, ``●``), wrapped rows joined. Only a line that is a
    limit message as a whole counts: a warning, an error that is no usage limit, and a sentence
    about a limit are ``None``. The caller vouches that Claude Code itself said the line.
    """
    words = " ".join(line.split()).removeprefix("⚠ ")
    if len(words) > _LONGEST or NOT_A_LIMIT in words:
        return None
    kind = _kind_of(words)
    if kind is None:
        return None
    return LimitText(kind, words, _reset_text(words))


def from_claim(claim: str) -> LimitKind:
    """The kind of an API claim name (``rateLimitType``); an unknown one is a usage limit too."""
    return _CLAIMS.get(claim, LimitKind.USAGE)


def from_error(
    error: str | None, api_error: str | None, status: int | None, text: str
) -> LimitKind:
    """The kind of a transcript's error record.

    ``error``, ``api_error``, ``status``: its fields ``error``, ``apiError``, ``apiErrorStatus``.
    A 429 is a rate, which another try may end, only where the words say so: 2.1.329 passes on what
    the server says of an organization's budget under the same status. Which kind it is says
    nothing about a reset time. What nobody knows is ``OTHER``.
    """
    if NOT_A_LIMIT in text:
        return LimitKind.RATE
    said = recognise(text)
    if api_error == "usage_limit_reached":
        return said.kind if said else LimitKind.USAGE
    if api_error in _API_ERRORS:
        return said.kind if said else _API_ERRORS[api_error]
    if said and (status in (None, 402, 429) or error in ("rate_limit", "billing_error")):
        return said.kind
    if status == 529:  # 2.1.329 calls it "server_error"
        return LimitKind.OVERLOADED
    if error in _ERRORS:
        return _ERRORS[error]
    if status in _STATUSES:
        return _STATUSES[status]
    if status is not None and 500 <= status <= 599:
        return LimitKind.SERVER
    return _first(_ERROR_PATTERNS, text.strip()) or LimitKind.OTHER


def no_usage_limit(kind: LimitKind, text: str) -> bool:
    """Whether an error of this kind, in these words, is known to be no usage limit, whatever the
    account's quota is just then."""
    return NOT_A_LIMIT in text or (kind in _NO_USAGE and recognise(text) is None)


def _kind_of(words: str) -> LimitKind | None:
    for pattern in _NAMED_PATTERNS:
        match = pattern.fullmatch(words)
        if match:
            return _named(match.groupdict().get("model") or match["name"].strip())
    return next((kind for pattern, kind in _OTHER_PATTERNS if pattern.fullmatch(words)), None)


def _named(name: str) -> LimitKind:
    named = (kind for pattern, kind in _NAME_PATTERNS if pattern.fullmatch(name))
    return next(named, LimitKind.USAGE)


def _reset_text(words: str) -> str:
    match = _WHEN.search(words)
    if match is None:
        return ""
    text = (match["clock"] or match["span"] or match["epoch"]).strip().removesuffix(".")
    opened = text.count("(") - text.count(")")
    return text.removesuffix(")").rstrip() if opened < 0 else text  # "(resets 3pm)"


def _first(patterns: tuple[tuple[re.Pattern[str], LimitKind], ...], text: str) -> LimitKind | None:
    return next((kind for pattern, kind in patterns if pattern.search(text)), None)
