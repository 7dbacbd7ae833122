"""The words of limits: each row is a text that a Claude Code or its users have shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmuxclaude.claude import limits
from tmuxclaude.claude.limits import LimitText
from tmuxclaude.core.model import LimitKind

FIVE, WEEK, USAGE = LimitKind.FIVE_HOUR, LimitKind.SEVEN_DAY, LimitKind.USAGE

SAID = [
    # Claude Code 2.1.329
    ("You've hit your 5-hour limit · resets 10:17pm (UTC)", FIVE, "10:17pm (UTC)"),
    ("You've hit your 5-hour limit · resets 9pm (UTC) · out of usage credits", FIVE, "9pm (UTC)"),
    ("You've hit your 5-hour limit · resets 9pm (UTC) · progress saved", FIVE, "9pm (UTC)"),
    (
        "You've hit your 5-hour limit · resets 9pm (UTC) · your weekly limit resets Nov 23, 9pm",
        FIVE,
        "9pm (UTC)",
    ),
    ("You've hit your weekly limit · resets Nov 23, 11:16pm (UTC)", WEEK, "Nov 23, 11:16pm (UTC)"),
    (
        "You've hit your Opus limit · resets Nov 22, 11pm (UTC)",
        LimitKind.OPUS,
        "Nov 22, 11pm (UTC)",
    ),
    ("You've hit your Sonnet limit · resets 9pm (UTC)", LimitKind.SONNET, "9pm (UTC)"),
    ("You've hit your Fable limit · resets 9pm (UTC)", LimitKind.MODEL, "9pm (UTC)"),
    ("You've hit your usage credit limit", LimitKind.CREDIT, ""),
    ("You've hit your usage limit", USAGE, ""),
    ("You've hit your monthly spend limit · raise it at https://x.example", LimitKind.SPEND, ""),
    ("You've hit your org's monthly spend limit", LimitKind.SPEND, ""),
    ("You've hit your org's monthly usage limit", LimitKind.SPEND, ""),
    ("You've hit your channel's monthly spend limit", LimitKind.SPEND, ""),
    ("You've hit your team's pooled group budget", LimitKind.SPEND, ""),
    ("You've hit your fast limit · resets in 5m", LimitKind.OTHER, "in 5m"),
    ("You're out of usage credits", LimitKind.CREDIT, ""),
    ("Your org is out of usage · add funds to continue", LimitKind.CREDIT, ""),
    ("Your org is out of usage · contact your admin", LimitKind.CREDIT, ""),
    ("Fable 5 requires usage credits", LimitKind.CREDIT, ""),
    ("Opus 4.8 requires usage credits. Run /usage-credits.", LimitKind.CREDIT, ""),
    ("Your seat type doesn't include usage credits", LimitKind.SEAT, ""),
    ("Your seat type doesn't include usage", LimitKind.SEAT, ""),
    ("Your seat type doesn't include extra usage", LimitKind.SEAT, ""),
    ("Your usage allocation has been disabled by your admin", LimitKind.SEAT, ""),
    ("Your group's usage limit is set to $0", LimitKind.SEAT, ""),
    ("This service is disabled for your org", LimitKind.SEAT, ""),
    (
        "Usage is paused for your organization. For help, please contact support.",
        LimitKind.SEAT,
        "",
    ),
    ("You've hit your individual spend limit", LimitKind.SPEND, ""),
    (
        "You've hit your individual usage limit · resets Dec 1, 1am (UTC)",
        LimitKind.SPEND,
        "Dec 1, 1am (UTC)",
    ),
    ("You've hit your channel's monthly usage limit", LimitKind.SPEND, ""),
    ("spend limit reached · resets Dec 1", LimitKind.SPEND, "Dec 1"),
    # other versions
    (
        "You've hit your session limit · resets 3:45pm (Europe/Berlin)",
        FIVE,
        "3:45pm (Europe/Berlin)",
    ),
    ("You've hit your weekly limit · resets Mon 12:00am", WEEK, "Mon 12:00am"),
    ("You've hit your weekly limit · resets Wed 9am", WEEK, "Wed 9am"),
    (
        "You've hit your weekly limit · resets Jul 15 at 12am (Australia/Melbourne)",
        WEEK,
        "Jul 15 at 12am (Australia/Melbourne)",
    ),
    (
        "You've hit your limit · resets Feb 17 at 2pm (Asia/Seoul)",
        USAGE,
        "Feb 17 at 2pm (Asia/Seoul)",
    ),
    ("You've hit your Opus limit", LimitKind.OPUS, ""),
    ("You've hit your fast limit", LimitKind.OTHER, ""),
    (
        "You've hit your monthly limit · resets Sep 1 at 12:00am",
        LimitKind.SPEND,
        "Sep 1 at 12:00am",
    ),
    ("You're out of extra usage · resets 11:30am (Asia/Colombo)", USAGE, "11:30am (Asia/Colombo)"),
    ("You're out of extra usage", LimitKind.CREDIT, ""),
    ("5-hour limit reached ∙ resets 2am", FIVE, "2am"),
    ("Weekly limit reached ∙ resets Oct 3, 5pm", WEEK, "Oct 3, 5pm"),
    ("Opus weekly limit reached ∙ resets Oct 3, 5pm", LimitKind.OPUS, "Oct 3, 5pm"),
    (
        "Claude usage limit reached. Your limit will reset at 9am (America/Chicago).",
        USAGE,
        "9am (America/Chicago)",
    ),
    ("Claude AI usage limit reached|1760000400", USAGE, "1760000400"),
    ("You've hit your limit · resets at 3pm (UTC)", USAGE, "3pm (UTC)"),
    ("⚠ You've hit your 5-hour limit", FIVE, ""),
    ("⚠ You've hit your 5-hour limit · resets 3pm (UTC)", FIVE, "3pm (UTC)"),
    ("try again in 0 minutes", USAGE, "in 0 minutes"),
    ("Usage limit reached. Try again in 5 minutes.", USAGE, "in 5 minutes"),
    (
        "You've reached your Fable 5 limit. Run /usage-credits to go on or switch models with "
        "/model.",
        LimitKind.MODEL,
        "",
    ),
    ("You've hit your Fable 5.2 limit · resets 9pm (UTC)", LimitKind.MODEL, "9pm (UTC)"),
    # another thing between the name and the time
    ("You've hit your limit - resets 3pm (UTC)", USAGE, "3pm (UTC)"),
    ("You've hit your 5-hour limit — resets 3pm (UTC)", FIVE, "3pm (UTC)"),
    ("You've hit your weekly limit, resets Mon 12:00am", WEEK, "Mon 12:00am"),
    ("You've hit your 5-hour limit; resets 3pm", FIVE, "3pm"),
    ("You've hit your limit (resets 3pm)", USAGE, "3pm"),
    ("You've hit your 5-hour limit (resets 3pm (UTC)) · progress saved", FIVE, "3pm (UTC)"),
    ("Weekly limit reached (resets Oct 3, 5pm).", WEEK, "Oct 3, 5pm"),
    ("5-hour limit reached - resets 2am", FIVE, "2am"),
    ("You're out of extra usage, resets 11:30am (UTC)", USAGE, "11:30am (UTC)"),
    (
        "You've hit your team's pooled group budget. It resets Dec 1, 1am (UTC). Switch to ...",
        LimitKind.SPEND,
        "Dec 1, 1am (UTC)",
    ),
    # the model behind the limit
    ("You've hit your limit for Opus · resets 3pm (UTC)", LimitKind.OPUS, "3pm (UTC)"),
    ("You've hit your weekly limit for Sonnet 5.5, resets 3pm", LimitKind.SONNET, "3pm"),
    ("You've hit your usage limit for Fable", LimitKind.MODEL, ""),
    # a name that nobody here has seen
    ("You've hit your daily limit · resets 9pm (UTC)", USAGE, "9pm (UTC)"),
    ("You’ve hit your 5-hour limit · resets 9pm (UTC)", FIVE, "9pm (UTC)"),
]

NOT_SAID = [
    "",
    "You've used 93% of your 5-hour limit · resets 12:02am (UTC) · /usage-credits to keep going",
    "You've used 97% of your session limit · resets 11am",
    "Over 90% of your weekly limit used",
    "Approaching your 5-hour usage limit — Claude will wrap up the current step.",
    "Approaching Opus usage limit · resets 9pm",
    "You're close to your usage limit",
    "You're now using usage credits",
    "Now using usage credits · your 5-hour limit resets 9pm (UTC)",
    "API Error: Server is temporarily limiting requests (not your usage limit) · resets 3pm",
    "You've hit your limit · (not your usage limit) · resets 3pm",
    "API Error: Request rejected (429) · This request would exceed your account's rate limit.",
    "API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again in a "
    "moment.",
    "Credit balance too low · Add funds: https://platform.claude.com/settings/billing",
    "Please run /login · API Error: 401 Invalid bearer token",
    "Usage limit reached · continuing automatically at 10:17pm · esc to cancel",
    "Usage limit reached again · continuing automatically at 10:17pm · esc to cancel",
    "Usage limit reached · limit resets 10:17pm",
    "Usage limit reset · Continuing automatically",
    "Claude Code will continue automatically at 11:20pm. Keep this session open.",
    "It says You've hit your 5-hour limit · resets 10:17pm (UTC)",
    "You've hit your 5-hour limit because of the tests · resets 10:17pm (UTC)",
    "You've hit your stride, the limit is the sky",
    "You've hit your limit, and it resets when it resets",
    "You've hit your limit (of patience)",
    "You've hit your limit - the tests are red",
    "You've hit your limit for today, said the bartender",
    "the rate limit reached its end, resets and all",
    "rate limits │ No issues detected",
    "Rate limits: 5-hour limit reached in the log, resets 3pm",
    "fix: weekly limit resets at midnight",
]


@pytest.mark.parametrize(("line", "kind", "reset_text"), SAID)
def test_a_limit_is_recognised(line: str, kind: LimitKind, reset_text: str) -> None:
    words = line.removeprefix("⚠ ")
    assert limits.recognise(line) == LimitText(kind, words, reset_text)


@pytest.mark.parametrize("line", NOT_SAID)
def test_other_lines_are_no_limit(line: str) -> None:
    assert limits.recognise(line) is None


def test_blanks_of_wrapped_rows_do_not_matter() -> None:
    text = "You've hit your\n     5-hour  limit\u00a0·\n resets 9pm (UTC)  "
    assert limits.recognise(text) == LimitText(
        FIVE, "You've hit your 5-hour limit · resets 9pm (UTC)", "9pm (UTC)"
    )


def test_a_line_longer_than_any_message_is_no_limit() -> None:
    assert limits.recognise("You've hit your 5-hour limit · resets 9pm · " + "x" * 600) is None


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        ("five_hour", FIVE),
        ("seven_day", WEEK),
        ("seven_day_opus", LimitKind.OPUS),
        ("seven_day_sonnet", LimitKind.SONNET),
        ("seven_day_overage_included", LimitKind.MODEL),
        ("overage", USAGE),
        ("a_claim_of_tomorrow", USAGE),
    ],
)
def test_claims(claim: str, kind: LimitKind) -> None:
    assert limits.from_claim(claim) is kind


SONNET = "You've hit your Sonnet limit · resets Nov 22, 11:16pm (UTC)"
PLAIN_429 = "API Error: Server is temporarily limiting requests (not your usage limit) · This ..."
LOST = "API Error: Connection lost mid-response. The response above may be incomplete."
UNABLE = "API Error: Unable to connect to API"
LOST_ONCE = (
    "The socket connection was closed unexpectedly. For more information, pass `verbose: true` in "
    "the second argument to fetch()",
    "The operation timed out.",
    "The operation was aborted due to timeout",
    "Request timed out.",
    "Request timed out. Check your internet connection and proxy settings",
    "Connection error.",
    "Connection closed before the response finished",
    "Connection dropped (EPIPE)",
    "No response from API",
    "The API is temporarily unavailable",
    "Unable to connect to API (UND_ERR_CONNECT_TIMEOUT)",
    "Unable to connect. Is the computer able to access the url?",
    "fetch failed",
    "TypeError: fetch failed",
    "terminated",
    "other side closed",
    "socket hang up",
    "Premature close",
    "read ECONNRESET",
    "connect ETIMEDOUT 192.0.2.1:443",
    "getaddrinfo ENOTFOUND api.example.com",
    "getaddrinfo EAI_AGAIN api.example.com",
    "connect EHOSTUNREACH 192.0.2.1:443",
)
REJECTED = (
    "API Error: Request rejected (429) · This request would exceed your account's rate limit."
)


@pytest.mark.parametrize(
    ("error", "api_error", "status", "text", "kind"),
    [
        ("rate_limit", "usage_limit_reached", 429, SONNET, LimitKind.SONNET),
        ("rate_limit", "usage_limit_reached", 429, "words of tomorrow", USAGE),
        ("rate_limit", None, 429, SONNET, LimitKind.SONNET),
        ("rate_limit", None, 429, "Claude AI usage limit reached|1760000400", USAGE),
        (None, None, None, SONNET, LimitKind.SONNET),
        ("rate_limit", None, 429, PLAIN_429, LimitKind.RATE),
        ("rate_limit", "usage_limit_reached", 429, PLAIN_429, LimitKind.RATE),
        ("rate_limit", None, 429, REJECTED, LimitKind.RATE),
        (None, None, None, REJECTED, LimitKind.RATE),
        ("server_error", None, 529, "API Error: 529 Overloaded.", LimitKind.OVERLOADED),
        ("rate_limit", None, 529, "API Error: 529 Overloaded.", LimitKind.OVERLOADED),
        ("overloaded", None, None, "", LimitKind.OVERLOADED),
        (None, None, None, "API Error: 529 Overloaded.", LimitKind.OVERLOADED),
        ("server_error", None, 500, "API Error: 500 Internal server error.", LimitKind.SERVER),
        (None, None, 503, "", LimitKind.SERVER),
        (None, None, None, "API Error: 502 Bad gateway", LimitKind.SERVER),
        ("authentication_failed", None, 401, "Please run /login · ...", LimitKind.AUTH),
        ("oauth_org_not_allowed", None, 403, "", LimitKind.AUTH),
        (None, None, 401, "", LimitKind.AUTH),
        (None, None, None, "Please run /login · API Error: 401 Invalid token", LimitKind.AUTH),
        ("billing_error", None, 400, "Credit balance is too low", LimitKind.CREDIT),
        ("billing_error", None, 400, "You've hit your monthly spend limit", LimitKind.SPEND),
        (None, None, None, "Credit balance too low · Add funds: ...", LimitKind.CREDIT),
        ("rate_limit", None, 429, "Your seat type doesn't include usage", LimitKind.SEAT),
        ("rate_limit", "usage_limit_reached", 429, "You've hit your limit · resets 9pm", USAGE),
        ("rate_limit", None, 429, "spend limit reached · resets Dec 1", LimitKind.SPEND),
        ("rate_limit", None, 429, "Your organization is asleep.", LimitKind.OTHER),
        (None, None, 429, "", LimitKind.OTHER),
        ("rate_limit", None, 429, "API Error: Rate limit reached", LimitKind.RATE),
        (
            "rate_limit",
            None,
            None,
            "Opus is experiencing high load. Switch ...",
            LimitKind.OVERLOADED,
        ),
        (
            "rate_limit",
            "long_context_credits_required",
            429,
            "API Error: Usage credits required for 1M context · run /usage-credits ...",
            LimitKind.CREDIT,
        ),
        (
            "rate_limit",
            "model_requires_usage_credits",
            429,
            "You've hit your monthly spend limit. /model to switch models.",
            LimitKind.SPEND,
        ),
        ("rate_limit", "model_requires_usage_credits", 429, "words of tomorrow", LimitKind.CREDIT),
        ("unknown", "gateway_signin_required", None, "API Error: sign in", LimitKind.AUTH),
        # connections: a lost one may be had again, one that is not trusted may not
        ("server_error", "connection_failed", None, LOST, LimitKind.SERVER),
        (
            "server_error",
            None,
            None,
            "API Error: Connection refused — a firewall ...",
            LimitKind.SERVER,
        ),
        ("server_error", "computer_slept", None, "API Error: Your computer ...", LimitKind.SERVER),
        ("server_error", "tls_untrusted_ca", None, f"{UNABLE}: SSL ...", LimitKind.OTHER),
        ("unknown", None, None, "API Error: Stream idle timeout - no chunks", LimitKind.SERVER),
        (None, None, None, "API Error: Request timed out.", LimitKind.SERVER),
        (None, None, None, "API Error: Connection error.", LimitKind.SERVER),
        (None, None, None, f"{UNABLE} (ECONNREFUSED)", LimitKind.SERVER),
        *(("unknown", None, None, f"API Error: {words}", LimitKind.SERVER) for words in LOST_ONCE),
        *((None, None, None, f"API Error ({words})", LimitKind.SERVER) for words in LOST_ONCE),
        ("unknown", None, 408, "", LimitKind.SERVER),
        (None, None, None, "API Error: 408 Request Timeout", LimitKind.SERVER),
        (None, None, None, "API Error (503 Service Unavailable)", LimitKind.SERVER),
        (None, None, None, "API Error (529 at capacity)", LimitKind.OVERLOADED),
        ("invalid_request", None, 400, "API Error: 400 no ECONNRESET in it", LimitKind.OTHER),
        ("unknown", None, None, "API Error: terminated by an admin", LimitKind.OTHER),
        ("unknown", None, None, "Why is there ECONNRESET?", LimitKind.OTHER),
        (None, None, None, f"{UNABLE}: SSL certificate has expired", LimitKind.OTHER),
        (None, None, None, LOST, LimitKind.SERVER),
        ("unknown", None, None, "API Error: words of tomorrow", LimitKind.OTHER),
        ("invalid_request", None, 400, "API Error: 400 too long", LimitKind.OTHER),
        ("max_output_tokens", None, None, "", LimitKind.OTHER),
        ("an_error_of_tomorrow", None, 418, "", LimitKind.OTHER),
        (None, None, None, "", LimitKind.OTHER),
        # a reply that quotes a limit, in a record of another error
        ("invalid_request", None, 400, SONNET, LimitKind.OTHER),
    ],
)
def test_errors(
    error: str | None, api_error: str | None, status: int | None, text: str, kind: LimitKind
) -> None:
    assert limits.from_error(error, api_error, status, text) is kind


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    found = limits.recognise(text)
    assert found is None or found.words == " ".join(text.split()).removeprefix("⚠ ")
    assert limits.from_error(None, None, None, text) in LimitKind


@given(st.sampled_from([line for line, *_ in SAID]), st.text(min_size=1))
def test_words_before_a_limit_make_it_prose(line: str, before: str) -> None:
    told = f"As the log of {before} says: {line}"
    assert limits.recognise(told) is None
