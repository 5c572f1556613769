"""Every refusal of several checks, instead of the first one."""

from collections.abc import Callable

from worker.errors import Failure, InvalidInvoice


def collected(*checks: Callable[[], object]) -> list[Failure]:
    """Run all of the checks; return what they refuse, in their order."""
    found = []
    for check in checks:
        try:
            check()
        except InvalidInvoice as refusal:
            found.append(refusal.failure)
    return found
