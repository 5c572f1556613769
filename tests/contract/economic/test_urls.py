"""What the client encodes in a path, the sandbox reads back."""

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from worker.economic.urls import segment
from worker.sandbox.paths import decode_parameter

AWKWARD = st.sampled_from("<>*%:&/\\_ ?.#+0123456789-aå")


@given(text=st.text(st.one_of(AWKWARD, st.characters(codec="utf-8")), min_size=1))
def test_any_year_and_product_number_arrives(text: str) -> None:
    """Both sides were written from the documentation alone."""
    assert decode_parameter(unquote(segment(text))) == text
