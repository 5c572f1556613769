"""The customers of the periods that this process has checked, so that their numbers can be proved again together."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice

from worker.domain.invoice import Customer

#: e-conomic takes 200 numbers in one filter (measured), so as many are proved by one call.
_TOGETHER = 200
#: Seconds to wait for another thread that proves.
_PATIENCE = 2.0


@dataclass(kw_only=True)
class PeriodCustomers:
    """Customers by the store's key of each, in the order of their invoices. Threads may share it."""

    most: int = 20_000
    _customers: dict[str, Customer] = field(default_factory=dict)
    #: Number proved last, by key, and when; the store's time.
    _proved: dict[str, tuple[str, float]] = field(default_factory=dict)
    _proving: threading.Lock = field(default_factory=threading.Lock)

    def remember(self, customers: Mapping[str, Customer]) -> None:
        """Take in the customers of a period; those of the oldest periods are forgotten."""
        others = {key: customer for key, customer in self._customers.items() if key not in customers}
        whole = others | dict(customers)
        self._customers = dict(islice(whole.items(), max(0, len(whole) - self.most), None))

    def following(self, key: str) -> Mapping[str, Customer]:
        """Return this customer and those whose invoices come next, so many as are proved together."""
        customers = self._customers
        if key not in customers:
            return {}
        keys = list(customers)
        at = keys.index(key)
        return {each: customers[each] for each in islice(chain(keys[at:], keys[:at]), _TOGETHER)}

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Let one thread prove at a time; False: another one takes too long."""
        ours = self._proving.acquire(timeout=_PATIENCE)
        try:
            yield ours
        finally:
            if ours:
                self._proving.release()

    def proved_since(self, key: str, number: str, since: float) -> bool:
        """Tell whether this process has seen a number proved since then."""
        proved, at = self._proved.get(key, ("", 0.0))
        return proved == number and at > since

    def note(self, proved: Mapping[str, str], at: float) -> None:
        """Keep what was proved by a reading that began then."""
        kept = {key: known for key, known in self._proved.items() if key in self._customers}
        self._proved = kept | {key: (number, at) for key, number in proved.items()}
