"""What events may point at, as the settings allow it, for whole events and for PDFs alike."""

import time

from config.sections import Intake
from worker.intake.places import Places
from worker.intake.resolve import resolve
from worker.intake.web import Web, WebRules
from worker.runtime.fetch import HttpFetch


def allowed_places(intake: Intake, *, deadline: float) -> Places:
    """Return the allowed folders and hosts; one fetch takes at most ``deadline`` seconds, looking its name up aside."""
    rules = WebRules(
        hosts=intake.allowed_hosts,
        allow_http=intake.allow_http,
        allow_private=intake.allow_private_hosts,
        deadline=deadline,
    )
    fetch = HttpFetch(timeout=intake.fetch_timeout, deadline=deadline)
    return Places(intake.allowed_folders, Web(rules, fetch=fetch, resolve=resolve, clock=time.monotonic))
