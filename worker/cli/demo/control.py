"""The sandbox's control path, as the demo uses it."""

import json
import urllib.request
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


class Control:
    """Looks into the sandbox, and does there what a person does in e-conomic."""

    def __init__(self, url: str, agreement: int) -> None:
        self._url = f"{url}/_sandbox"
        self._agreement = agreement

    def answers(self) -> bool:
        """Tell whether the sandbox is up."""
        try:
            return bool(self._call("GET", "health")["ok"])
        except OSError:
            return False

    def state(self) -> dict[str, Any]:
        """Return the agreement's content, amounts as Decimal."""
        content: dict[str, Any] = self._call("GET", "state")[str(self._agreement)]
        return content

    def calls(self) -> Mapping[str, int]:
        """Return how many requests the agreement has seen, by what they were for."""
        entries = self._call("GET", "journal")["requests"]
        return Counter(_purpose(one["method"], one["path"]) for one in entries if one["agreement"] == self._agreement)

    def findings(self) -> list[str]:
        """Return what the real e-conomic would have ignored or refused as a mistake."""
        return [f"{one['method']} {one['path']}: {one['what']}" for one in self._call("GET", "findings")["findings"]]

    def put(self, kind: str, key: str, body: Any) -> None:
        """Add or change a resource of the agreement."""
        self._call("PUT", f"agreements/{self._agreement}/{kind}/{key}", body)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/{path}", data=data, method=method)  # noqa: S310  # our own http address
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # our own http address
            return json.loads(answer.read(), parse_float=Decimal)


def _purpose(method: str, path: str) -> str:
    if method == "GET":
        return "to look up"
    if path.startswith(("/invoices/drafts", "/invoices/booked")):
        return "to draft and book" if method == "POST" else "to discard"
    if path.startswith("/journals/"):
        return "to post vouchers and attach PDFs"
    return "to create customers and products"
