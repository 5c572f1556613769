"""The sandbox's control path as its users have it: what a person changes in e-conomic, and what may go wrong there."""

import http.client
import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

#: Seconds to wait for an answer.
_PATIENCE = 10


class SandboxUnreachable(Exception):
    """Nothing at the address answers as a sandbox does."""


class SandboxRefused(Exception):
    """The sandbox has refused a change; the text is its own."""


class SandboxControl:
    """Looks into the sandbox, and changes there what a person changes in e-conomic.

    Its methods raise ``SandboxUnreachable`` and ``SandboxRefused``.
    """

    def __init__(self, url: str, agreement: int) -> None:
        self.url = url.rstrip("/")
        self.agreement = agreement

    def answers(self) -> bool:
        """Tell whether the sandbox is up."""
        try:
            return bool(self.call("GET", "health")["ok"])
        except SandboxUnreachable:
            return False

    def state(self) -> dict[str, Any]:
        """Return the agreement's content, amounts as Decimal."""
        every = self.call("GET", "state")
        if str(self.agreement) not in every:
            raise SandboxRefused(f"There is no agreement {self.agreement}. It has: {', '.join(sorted(every))}.")
        content: dict[str, Any] = every[str(self.agreement)]
        return content

    def calls(self) -> Mapping[str, int]:
        """Return how many requests the agreement has seen, by what they were for."""
        requests = [entry for entry in self.call("GET", "requests")["requests"] if entry["agreement"] == self.agreement]
        return Counter(_purpose(request["method"], request["path"]) for request in requests)

    def findings(self) -> list[str]:
        """Return what the real e-conomic would have ignored or refused as a mistake."""
        findings = self.call("GET", "findings")["findings"]
        return [f"{finding['method']} {finding['path']}: {finding['what']}" for finding in findings]

    def put(self, kind: str, key: str, body: Any) -> None:
        """Add or change a resource of the agreement."""
        self.call("PUT", f"agreements/{self.agreement}/{kind}/{key}", body)

    def remove(self, kind: str, key: str) -> None:
        """Take a resource of the agreement away."""
        self.call("DELETE", f"agreements/{self.agreement}/{kind}/{key}")

    def change(self, **what: Any) -> None:
        """Change the agreement as a whole: ``revoked``, ``roles``."""
        self.call("PATCH", f"agreements/{self.agreement}", what)

    def add_product_group(self, name: str, accounts: Sequence[int], *, number: int | None = None) -> int:
        """Create a product group with its sales account for each VAT zone from 1 on; return its number."""
        number = number or max((int(known) for known in self.state()["product_groups"]), default=60) + 1
        self.put("product_groups", str(number), {"name": name})
        for zone, account in enumerate(accounts, start=1):
            self.put("sales_accounts", f"{number}-{zone}", account)
        return number

    def set_period(self, year: str, month: int, *, closed: bool) -> None:
        """Close a month of an accounting year, or open it."""
        years = self.state()["years"]
        if year not in years:
            raise SandboxRefused(f"There is no accounting year {year}. It has: {', '.join(sorted(years))}.")
        periods = [
            period | {"closed": closed} if period["periodNumber"] == month else period
            for period in years[year]["periods"]
        ]
        self.put("years", year, {"periods": periods})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control path and return its answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data=data, method=method)  # noqa: S310  # checked by who names it
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310  # the same
                return json.loads(answer.read() or b"null", parse_float=Decimal)
        except urllib.error.HTTPError as error:
            with error:
                raise SandboxRefused(_message(error)) from None
        except (OSError, http.client.HTTPException, ValueError):
            raise SandboxUnreachable(f"No sandbox answers at {self.url}.") from None


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"{error.code} {error.reason}"


def _purpose(method: str, path: str) -> str:
    if method == "GET":
        return "to look up"
    if path.startswith(("/invoices/drafts", "/invoices/booked")):
        return "to draft and book" if method == "POST" else "to discard"
    if path.startswith("/journals/"):
        return "to post vouchers and attach PDFs"
    return "to create customers and products"
