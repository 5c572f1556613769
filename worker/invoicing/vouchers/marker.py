"""The marker in the text of a voucher's entries: what it is found again by, for ever.

Bookkeepers give a voucher a new number when they move it to another journal (reported by an integrator), and nothing
else that a voucher carries is ours alone.
"""

import re

#: A reference of ``worker.invoicing.identity``: export, region and series if any, invoice number.
_MARKER = re.compile(r"\[([a-z][a-z0-9]{0,19}(?:-[A-Za-z0-9]{1,20}){0,2}-[1-9][0-9]{0,8})\]")


def marker(reference: str) -> str:
    """Return ``[main-100353]`` for ``main-100353``. It stands at the end of an entry's text."""
    return f"[{reference}]"


def marked(text: str) -> str | None:
    """Return the reference that a text is marked with, None when it carries no marker.

    The last one counts: what stands before it may be quoted from the invoice.
    """
    found = _MARKER.findall(text)
    return found[-1] if found else None
