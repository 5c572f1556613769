"""The marker in an entry's text, and how it is read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.identity import invoice_id_of
from worker.economic.mapping.voucher_payload import marked, marker

REFERENCES = st.builds(
    invoice_id_of,
    st.from_regex(r"[a-z][a-z0-9]{0,19}", fullmatch=True),
    st.none() | st.text(max_size=30),
    st.integers(1, 999_999_999),
    series=st.sampled_from(["", "correction", "commission-discount"]),
)


@given(reference=REFERENCES, text=st.text(max_size=300))
def test_every_reference_is_read_back(reference: str, text: str) -> None:
    """Whatever stands before it, and whatever region or series it holds."""
    assert marked(f"{text} {marker(reference)}") == reference


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("Faktura 100353 Acme A/S [main-100353]", "main-100353"),
        ("[main-DK1-100353]", "main-DK1-100353"),
        ("Kredit af [main-100352] [main-100353]", "main-100353"),  # quoted from the invoice, then ours
        ("[main-100353] betalt, jf. bilag 7", "main-100353"),  # a bookkeeper wrote behind it
        ("main-100353", None),
        ("[main-p881]", None),  # a period, not an invoice
        ("[Main-100353]", "Main-100353"),  # a person wrote it anew
        ("[ main-100353 ]", "main-100353"),
        ("[main-0]", None),
        ("", None),
    ],
)
def test_only_a_marker_counts(text: str, reference: str | None) -> None:
    """A reference in brackets, exactly as it was written; the last one."""
    assert marked(text) == reference
