"""Answers that refuse a request, as problem details (RFC 9457) in plain words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response
from typing_extensions import override

from worker.domain.sums import Problem
from worker.intake.sources.refusal_words import danish

MEDIA_TYPE = "application/problem+json"


class JsonAnswer(JSONResponse):
    """JSON that may quote what was sent: half a character, which no answer can hold, becomes a question mark."""

    @override
    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


@dataclass(kw_only=True, eq=False)
class Refusal(Exception):
    """Ends a request with this answer."""

    status: int
    #: What was wrong, and where.
    detail: str
    #: What the sender does now.
    next_step: str
    problems: Sequence[Mapping[str, Any]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the answer."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "nextStep": self.next_step,
        }
        if self.problems:
            body["problems"] = list(self.problems)
        return JsonAnswer(body, status_code=self.status, headers=dict(self.headers), media_type=MEDIA_TYPE)


def written(problem: Problem) -> dict[str, Any]:
    """Return a problem of a body as the answer shows it."""
    return {
        "reason": problem.reason.value,
        "description": problem.description,
        "danish": danish(problem),
        "invoiceNumber": problem.invoice_number,
        "field": problem.field,
        "value": problem.value,
        "nextStep": problem.reason.next_step,
    }
