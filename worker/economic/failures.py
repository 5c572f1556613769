"""The one seam where HTTP's failures become ours.

never sent (connect, pool)                          Unreachable
sent, no usable answer: a read / a write            Unavailable / Uncertain
429                                                 Throttled: a refused call did nothing
401, 403, E02250                                    Misconfigured
5xx, 3xx, 408, 409, 425: a read / a write           Unavailable / Uncertain
any other 4xx in e-conomic's own words              Refused
any other 4xx (a proxy's page): a read / a write    Unavailable / Uncertain

What an answer cannot prove counts against it: a write is looked up before it is repeated.
"""

import ssl

import httpx

from config.export_schema import Limits
from worker.domain.ports import RateDenied
from worker.domain.reasons import ProcessReason, ReasonCode, failure
from worker.economic.error_body import Explanation
from worker.economic.mapping.refusals import named
from worker.economic.reasons import EconomicReason
from worker.economic.urls import RequestLabel
from worker.errors import ExportError, Failure, Misconfigured, Refused, Throttled, Unavailable, Uncertain, Unreachable

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNUSABLE = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL)
_TOO_MANY = 429
_TOKENS, _ROLE = 401, 403
#: The app's secret does not belong to the grant (reported by an integrator).
_FOREIGN_SECRET = "E02250"  # noqa: S105  # an error code
#: Nobody can say whether the request took effect: the server ran out of time, the key is in flight, too early.
_UNDECIDED = frozenset({408, 409, 425})
#: Codes of a key that was used for something else before (reported by integrators): about the key, not the request.
KEY_CLASHES = frozenset({"PayloadChanged", "URLChanged"})
_BOOKKEEPING = ("/journals", "/accounting-years", "/journalsapi", "/accountingyearsapi", "/vat-accounts")


def of_transport(error: httpx.HTTPError | httpx.InvalidURL, label: RequestLabel) -> ExportError:
    """Translate httpx's own errors."""
    name = type(error).__name__
    if isinstance(error, _UNUSABLE):
        text = f"{label} of export {label.export} cannot be sent ({name}): check api_url in the exports file."
        return Misconfigured(failure(EconomicReason.TOKENS_REFUSED, text, field="api_url"))
    if isinstance(error, _NEVER_SENT):
        detail = "its TLS certificate was not accepted" if _certificate(error) else name
        return Unreachable(failure(EconomicReason.ECONOMIC_UNREACHABLE, f"e-conomic cannot be reached ({detail})."))
    return no_answer(label, f"no usable answer came ({name})")


def no_answer(
    label: RequestLabel, what: str, *, retry_after: float | None = None, replayed: bool = False
) -> ExportError:
    """Return the failure of a call that was sent and not answered usably."""
    if label.writes:
        text = f"{label} was sent to e-conomic, but {what}: it may or may not have taken effect."
        return Uncertain(failure(ProcessReason.OUTCOME_UNKNOWN, text), retry_after=retry_after, replayed=replayed)
    return Unavailable(failure(EconomicReason.ECONOMIC_UNAVAILABLE, f"{label}: {what}."), retry_after=retry_after)


def of_status(
    status: int, explanation: Explanation, label: RequestLabel, *, retry_after: float | None, replayed: bool
) -> ExportError:
    """Translate an answer that is neither a success nor a believable 404 of a single resource."""
    if status == _TOO_MANY:
        text = "e-conomic answered that the agreement's calls are used up for the moment (429)."
        return Throttled(_explained(EconomicReason.THROTTLED, text, explanation), retry_after=retry_after)
    if status in (_TOKENS, _ROLE) or _FOREIGN_SECRET in explanation.codes:
        return Misconfigured(_misconfigured(status, explanation, label))
    by_client = 400 <= status < 500 and status not in _UNDECIDED  # noqa: PLR2004  # the class that blames the request
    if by_client and explanation.by_economic and "UpdateConflict" not in explanation.codes:
        codes = f" ({', '.join(sorted(explanation.codes))})" if explanation.codes else ""
        text = f"e-conomic refused {label} with status {status}{codes}."
        refusal = _explained(EconomicReason.REFUSED_BY_ECONOMIC, text, explanation)
        return Refused(
            named(refusal, explanation.complaints) or refusal,
            status=status,
            codes=explanation.codes,
            complaints=explanation.complaints,
            replayed=replayed,
        )
    return no_answer(label, f"the answer was status {status}", retry_after=retry_after, replayed=replayed)


def _misconfigured(status: int, explanation: Explanation, label: RequestLabel) -> Failure:
    where = f"export {label.export}, {label}"
    if status != _ROLE:
        text = f"e-conomic does not accept {_token(explanation)} ({where}, status {status})."
        return _explained(EconomicReason.TOKENS_REFUSED, text, explanation)
    if any("MissingModules" in code for code in explanation.codes):
        text = f"The agreement lacks a module that is needed ({where})."
    else:
        role = "Bookkeeping" if any(part in label.route for part in _BOOKKEEPING) else "Sales"
        text = f"The app lacks a role that is needed ({where}): SuperUser or {role}."
    return _explained(EconomicReason.ROLE_MISSING, text, explanation)


def _token(explanation: Explanation) -> str:
    if _FOREIGN_SECRET in explanation.codes:
        return "the app secret token for this agreement grant token: they belong to different apps"
    message = explanation.message.replace(" ", "").lower()
    secret, grant = "appsecrettoken" in message, "agreementgranttoken" in message
    if secret != grant:
        return "the app secret token" if secret else "the agreement grant token"
    return "the access tokens"


def _explained(reason: ReasonCode, text: str, explanation: Explanation) -> Failure:
    return failure(
        reason,
        text,
        field=explanation.field,
        value=explanation.value,
        remote_message=explanation.message,
        log_id=explanation.log_id,
    )


def _certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def of_limiter(denied: RateDenied, limits: Limits) -> Throttled:
    """Return what a refusal of our own rate limiter means for the execution."""
    seconds = f"{max(1, round(denied.retry_after))} s"
    texts = {
        "rate": f"The calls that e-conomic grants are used up; about {seconds} until the next may go.",
        "blocked": f"e-conomic asked to be left alone; about {seconds} until the next call may go.",
        "breaker-open": f"e-conomic failed several times in a row, so nothing is sent to it for {seconds}.",
        "day": f"{limits.calls_per_day} calls in 24 hours are used up (limits.calls_per_day in the exports file); "
        f"about {seconds} until more may go.",
    }
    outage = denied.cause == "breaker-open"
    reason = EconomicReason.ECONOMIC_UNAVAILABLE if outage else EconomicReason.THROTTLED
    return Throttled(failure(reason, texts[denied.cause]), retry_after=denied.retry_after)
