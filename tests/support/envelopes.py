"""Celery messages written by hand, as somebody with access to Redis could: kombu's envelope around any body."""

import base64
import json
import uuid
from typing import Any

from config.names import EXPORT_TASK


def call(*args: Any, kwargs: Any = None, **embed: Any) -> bytes:
    """Return the body of a task message (protocol 2)."""
    return json.dumps([args, kwargs or {}, embed]).encode()


def envelope(body: bytes, *, content_type: str = "application/json", **headers: Any) -> str:
    """Return the item that kombu finds in a Redis list; ``headers`` replace Celery's, ``...`` leaves one out."""
    task_id = str(uuid.uuid4())
    usual = {"lang": "py", "task": EXPORT_TASK, "id": task_id, "root_id": task_id, "eta": None, "expires": None}
    properties = {
        "correlation_id": task_id,
        "delivery_tag": str(uuid.uuid4()),
        "delivery_info": {"exchange": "", "routing_key": "export.main"},
        "body_encoding": "base64",
    }
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-type": content_type,
            "content-encoding": "utf-8",
            "headers": {name: value for name, value in (usual | headers).items() if value is not ...},
            "properties": properties,
        }
    )
