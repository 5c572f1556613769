"""The tokens that e-conomic grants an app as a whole, beside those of each of its agreements."""

import hashlib
from dataclasses import dataclass

from typing_extensions import override

from config.export_schema import Limits
from config.exports import ExportConfig
from worker.domain.ports import Feedback, Permit, RateLimiter


@dataclass(frozen=True, kw_only=True, slots=True)
class AppsBucket(RateLimiter):
    """See ``RateLimiter``: each call is paid for twice, out of the app's bucket and out of its agreement's.

    E-conomic's engineering blog (2026) speaks of a bucket per app and per agreement; its headers do not say which one
    they are about, so what they say, and a 429, counts for the agreement alone.
    """

    inner: RateLimiter
    #: The app's name for the rate limiter.
    app: str
    limits: Limits

    @override
    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        """See ``RateLimiter``. What the app has given is given back when the agreement has nothing left."""
        apps = self.inner.acquire(self.app, cost, self.limits, begun=begun)
        try:
            return self.inner.acquire(agreement, cost, limits, begun=begun)
        except BaseException:
            self.inner.report(apps, Feedback(cost=0.0))
            raise

    @override
    def report(self, permit: Permit, feedback: Feedback) -> None:
        """See ``RateLimiter``."""
        self.inner.report(permit, feedback)
        if feedback.cost is not None:
            self.inner.report(
                Permit(agreement=self.app, limits=self.limits, cost=permit.cost), Feedback(cost=feedback.cost)
            )


def with_apps_bucket(rate_limiter: RateLimiter, export: ExportConfig) -> RateLimiter:
    """Return what asks for the tokens of an export's calls."""
    limits = export.limits.of_app()
    if limits is None:
        return rate_limiter
    digest = hashlib.sha256(export.app_secret_token.get_secret_value().encode()).hexdigest()
    return AppsBucket(inner=rate_limiter, app=f"app-{digest[:16]}", limits=limits)
