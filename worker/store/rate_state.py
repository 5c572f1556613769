"""What the rate gate remembers of an agreement, and the constants of its rules."""

from dataclasses import dataclass, field

from config.exports import Limits

#: Seconds of one slice of the spending of the last minute.
SLICE = 5.0
#: Slices that make a minute.
SLICES = 12
#: Seconds of one slice of the day's calls.
DAY_SLICE = 900.0
#: Slices that make 24 hours.
DAY_SLICES = 96
#: Part of the grant by which e-conomic's count may differ from ours before others are suspected.
TOLERANCE = 0.02
#: Seconds for which others are believed to go on spending; longer than a fixed window of e-conomic's would be.
MEMORY = 90.0
#: The pace never falls below this part of the grant.
FLOOR = 0.02
#: Seconds to wait after a 429 without ``Retry-After``.
PAUSE = 10.0
#: Longest pause near the end of the grant.
EBB = 5.0
#: Failures in a row that open the breaker.
FAILURES = 3
#: First and longest time that the breaker stays open; seconds.
HOLD, LONGEST_HOLD = 2.0, 60.0
#: Seconds after which a probe without a word counts as lost, and when to come back while one is under way.
PROBE, PROBE_WAIT = 30.0, 2.0
#: Throttled callers are told to come back one after the other, spread over so many seconds after the first: if they
#: are more than fit in, some come too early, which keeps the bucket in use and lets newcomers in between.
QUEUE = 60.0


@dataclass(kw_only=True, slots=True)
class Bucket:
    """What the gate remembers of one agreement. Times are seconds since the epoch."""

    #: Theoretical arrival time: when everything reserved will have been paid for.
    tat: float = 0.0
    #: Tokens per second at which ``tat`` was reckoned; 0 before the first.
    pace: float = 0.0
    #: When the last of those sent away has been told to come back.
    queue: float = 0.0
    #: e-conomic asked to be left alone until then.
    blocked: float = 0.0
    #: Tokens a minute that others spend, and when that was seen.
    others: float = 0.0
    others_at: float = 0.0
    #: Tokens a minute as e-conomic's headers say; 0 before the first.
    granted: float = 0.0
    #: Failures in a row while closed; times opened in a row.
    failures: int = 0
    trips: int = 0
    #: Open until then; a probe is under way until then.
    held: float = 0.0
    probing: float = 0.0
    #: Slice number -> tokens spent.
    slices: dict[int, float] = field(default_factory=dict)
    #: Day slice number -> calls.
    days: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request for leave."""

    #: Tokens that the call is expected to cost.
    cost: float
    #: Tokens by which earlier reservations were wrong, not settled yet.
    correction: float
    limits: Limits
    #: Seconds that the caller is ready to sleep.
    max_wait: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RateDecision:
    """The answer to one request for leave."""

    #: ``go``, or why not: ``rate``, ``blocked``, ``held``, ``day``.
    word: str
    #: Seconds to sleep before the call, or until it is worth asking again.
    wait: float
    spent: float = 0.0
    granted: float = 0.0
    watched: bool = False
    probe: bool = False
