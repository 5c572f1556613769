"""Failed invoices by cause and value."""

from decimal import Decimal
from typing import Any

from support import samples

from worker.domain.record import InvoiceRecord, State
from worker.errors import Failure
from worker.web.groups import grouped


def _failed(number: int, net: str, value: str, **changes: Any) -> InvoiceRecord:
    invoice = samples.invoice(samples.line(net), invoice_number=number)
    failure = Failure(reason="product-group-missing", description="", next_step="", field="lines", value=value)
    fields: dict[str, Any] = {
        "id": f"main-{number}",
        "export": "main",
        "periods": ("main-p881",),
        "invoice_number": number,
        "invoice_type": "invoice",
        "region": None,
        "content": invoice.content().text,
        "content_hash": invoice.content().sha256,
        "state": State.DEAD,
        "failure": failure,
        "updated_at": float(number),
    }
    return InvoiceRecord(**fields | changes)


def test_cause_and_value_make_a_group_and_money_its_place() -> None:
    """3070: 1 000 + 800 = 1 800 net, 2 250.00 gross; 3050: 1 250.00. A credit note counts by its size."""
    groups = grouped([_failed(3, "1000.00", "3050"), _failed(2, "1000.00", "3070"), _failed(1, "-800.00", "3070")])
    assert [(group.failure.value, group.at_stake, group.oldest, len(group.invoices)) for group in groups] == [
        ("3070", {"DKK": Decimal("2250.00")}, 1.0, 2),
        ("3050", {"DKK": Decimal("1250.00")}, 3.0, 1),
    ]


def test_exports_stay_apart() -> None:
    """The same cause in two agreements is mended twice, so it is two groups."""
    groups = grouped([_failed(1, "1.00", "3050"), _failed(2, "1.00", "3050", export="other", id="other-2")])
    assert len({group.id for group in groups}) == 2


def test_the_digest_names_exactly_this_set() -> None:
    """Order does not matter; another member or another content does."""
    first, second = _failed(1, "1.00", "3050"), _failed(2, "1.00", "3050")
    changed = _failed(2, "2.00", "3050")
    digests = [grouped(records)[0].set_digest for records in ([first, second], [second, first])]
    assert digests[0] == digests[1]
    assert len({*digests, *(grouped(records)[0].set_digest for records in ([first], [first, changed]))}) == 3


def test_the_group_keeps_its_address_while_its_members_change() -> None:
    """A bookmark of a cause goes on working."""
    first, second = _failed(1, "1.00", "3050"), _failed(2, "1.00", "3050")
    assert grouped([first])[0].id == grouped([first, second])[0].id
