"""One invoice as the event carries it."""

import pytest
from pydantic import ValidationError
from support.samples import customer, invoice

from worker.domain.invoice import Invoice


def test_when_the_customer_was_changed_does_not_change_the_invoice() -> None:
    """The same invoice sent again later, with fresher customer data behind it, is no conflict; another name is."""
    moments = ("2026-09-01T08:30:00Z", "2026-10-01T08:30:00+02:00", None)
    hashes = {invoice(customer=customer(changed_at=moment)).content().sha256 for moment in moments}

    assert len(hashes) == 1
    assert invoice(customer=customer(name="Acme ApS")).content().sha256 not in hashes


def test_when_the_customer_was_changed_is_kept() -> None:
    """What is stored can be read back, moment and all."""
    source = invoice(customer=customer(changed_at="2026-09-01T08:30:00Z"))

    assert Invoice.model_validate_json(source.content().text) == source


@pytest.mark.parametrize("moment", ["2026-09-01", "2026-09-01T08:30:00", "2026-09-01 08:30:00Z", "yesterday", ""])
def test_a_moment_without_its_offset_is_refused(moment: str) -> None:
    """Two clocks cannot be compared without it."""
    with pytest.raises(ValidationError):
        customer(changed_at=moment)
