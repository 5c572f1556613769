"""The description of the addresses for machines (OpenAPI 3.1); its event comes from the model of the JSON Schema."""

from functools import cache
from importlib.metadata import version
from typing import Any

from worker.forward.signing import SIGNATURE_HEADER, TIME_HEADER
from worker.intake.event import event_schema
from worker.web.event_api.body import CONTENT_TYPES
from worker.web.event_api.problems import MEDIA_TYPE

_REFERENCES = "#/components/schemas/{model}"
_EXPORT = {
    "name": "export",
    "in": "query",
    "required": True,
    "description": "Name of the export in the exports file; its secret signs the request.",
    "schema": {"type": "string", "pattern": "^[a-z][a-z0-9]{0,19}$"},
}
_NAME = {
    "name": "name",
    "in": "query",
    "description": "Name of the file; its ending tells a CSV file.",
    "schema": {"type": "string", "maxLength": 200},
}
_SIGNATURE = [
    {
        "name": TIME_HEADER,
        "in": "header",
        "required": True,
        "description": "When the request is sent: seconds since the epoch, UTC.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,12}$"},
    },
    {
        "name": SIGNATURE_HEADER,
        "in": "header",
        "required": True,
        "description": "v1= and the HMAC-SHA256, in hexadecimal, with the export's secret over the lines v1, method, "
        f"path and query as sent, {TIME_HEADER}, SHA-256 of the body in hexadecimal; joined by single newlines.",
        "schema": {"type": "string", "pattern": "^v1=[0-9a-f]{64}$"},
    },
]
_TEXT = {"type": "string"}
_PROBLEM = {
    "type": "object",
    "required": ["reason", "description"],
    "properties": {
        "reason": _TEXT,
        "description": _TEXT,
        "danish": _TEXT,
        "invoiceNumber": {"type": ["integer", "null"]},
        "field": _TEXT,
        "value": _TEXT,
        "nextStep": _TEXT,
    },
}
_COUNT = {"type": "integer", "minimum": 0}
_SCHEMAS: dict[str, Any] = {
    "Accepted": {
        "type": "object",
        "required": ["id", "state", "status"],
        "properties": {
            "id": _TEXT,
            "state": {"const": "accepted"},
            "status": {"type": "string", "format": "uri-reference"},
        },
    },
    "InvoiceProblem": _PROBLEM,
    "Progress": {
        "type": "object",
        "required": ["id", "export", "state", "problems"],
        "properties": {
            "id": _TEXT,
            "export": _TEXT,
            "state": {"enum": ["received", "read", "exported", "refused"]},
            "problems": {"type": "array", "items": {"$ref": "#/components/schemas/InvoiceProblem"}},
            "period": {"type": "object", "required": ["id", "name"], "properties": {"id": _TEXT, "name": _TEXT}},
            "invoices": {
                "type": "object",
                "required": ["announced", "exported", "failed", "onTheWay"],
                "properties": dict.fromkeys(("announced", "exported", "failed", "onTheWay"), _COUNT),
            },
        },
    },
    "ProblemDetails": {
        "type": "object",
        "required": ["type", "title", "status", "detail", "nextStep"],
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "nextStep": _TEXT,
            "problems": {"type": "array", "items": {"$ref": "#/components/schemas/InvoiceProblem"}},
        },
    },
}
_REFUSALS = {
    401: "Not signed, or by another, or too long ago.",
    404: "Nothing of this id was accepted.",
    409: "The event's id was accepted with other content.",
    413: "Too large.",
    415: "A type of content that is not taken.",
    422: "What was sent is wrong; every problem with invoice, field and value.",
    429: "Too many requests; Retry-After says how long to wait.",
    503: "Not now: nothing was taken; send the same again after Retry-After.",
}


def _refusals(*codes: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    return {str(code): {"description": _REFUSALS[code], "content": content} for code in codes}


def _answer(status: int, schema: str, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {str(status): {"description": description, "content": content}}


@cache
def document() -> dict[str, Any]:
    """Return the description."""
    event = event_schema(_REFERENCES)
    schemas = _SCHEMAS | event.pop("$defs") | {"Event": event}
    bodies: dict[str, Any] = {kind: {"schema": {}} if "json" in kind else {} for kind in CONTENT_TYPES}
    for kind in ("application/json", "application/cloudevents+json"):
        bodies[kind] = {"schema": {"$ref": "#/components/schemas/Event"}}
    post = {
        "operationId": "postEvent",
        "summary": "A closed period: an event, or a file in any format that a watched folder takes",
        "description": "The same content again gets the same answer. What was accepted is safe before the answer.",
        "parameters": [_EXPORT, _NAME, *_SIGNATURE],
        "requestBody": {"required": True, "content": bodies},
        "responses": _answer(202, "Accepted", "Accepted.") | _refusals(401, 409, 413, 415, 422, 429, 503),
    }
    posted = {"name": "posted", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    status = {
        "operationId": "eventStatus",
        "summary": "What became of what was accepted",
        "parameters": [posted, _EXPORT, *_SIGNATURE],
        "responses": _answer(200, "Progress", "How far it has come.") | _refusals(401, 404, 429, 503),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Events of closed invoice periods", "version": version("opter-economic")},
        "paths": {"/events": {"post": post}, "/events/{posted}/status": {"get": status}},
        "components": {"schemas": schemas},
    }
