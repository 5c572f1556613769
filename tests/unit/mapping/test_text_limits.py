import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.economic.mapping.text_limits import Fitted, Source, fit
from worker.errors import InvalidInvoice


def fitted(text: str | None, limit: int = 10, **changes: bool) -> Fitted:
    return fit([Source(name="name", field="customer.name", text=text, limit=limit, **changes)])


@pytest.mark.parametrize(
    ("text", "sent", "remarks"),
    [
        ("Acme A/S", "Acme A/S", ()),
        ("  Acme  ", "Acme", ()),
        ("1234567890", "1234567890", ()),
        ("12345678901", "1234567890", ("customer.name: cut from 11 to 10 characters",)),
        ("123456789 1", "123456789", ("customer.name: cut from 11 to 9 characters",)),  # no space at the end
        ("a\x00b\x1fc", "a b c", ("customer.name: 2 unprintable characters replaced",)),
        ("a\ud800b", "a b", ("customer.name: 1 unprintable characters replaced",)),  # half a surrogate pair
        ("a\r\nb\tc", "a b c", ()),  # white space, nothing lost
        ("A\u030aben", "Åben", ()),  # A and a ring become Å
        ("\ufeffAc\u200bme\u00ad", "Acme", ("customer.name: 3 characters removed that take no room",)),
        ("a\u200d\u200cb", "a\u200d\u200cb", ()),  # these join what is seen
        (
            "\u202ea\x00",
            "a",
            (
                "customer.name: 1 unprintable characters replaced",
                "customer.name: 1 characters removed that take no room",
            ),
        ),
        ("12345678😀😀", "12345678😀", ("customer.name: cut from 10 to 9 characters",)),  # an emoji counts two
        ("123456789😀", "123456789", ("customer.name: cut from 10 to 9 characters",)),  # never half of one
    ],
)
def test_fit(text: str, sent: str, remarks: tuple[str, ...]) -> None:
    """A text is cut at the limit and freed from what cannot be printed, with remarks that do not repeat the text."""
    assert fitted(text) == Fitted(texts={"name": sent}, remarks=remarks)


@pytest.mark.parametrize("text", [None, "", "   "])
def test_nothing_is_left_out(text: str | None) -> None:
    """An absent text is an absent property: e-conomic refuses null."""
    assert fitted(text) == Fitted(texts={}, remarks=())


def test_lines_may_stay() -> None:
    """An address keeps its line breaks, in one spelling."""
    assert fitted("a\r\nb\rc\nd", lines=True).texts == {"name": "a\nb\nc\nd"}


def test_an_identifier_is_never_cut() -> None:
    """A cut EAN is another customer's EAN, so a too long one is left out."""
    assert fitted("57980000000001", limit=13, whole=True) == Fitted(
        texts={}, remarks=("customer.name: left out, as it is longer than 13 characters",)
    )


def test_a_required_text_must_say_something() -> None:
    """A name of control characters is no name; e-conomic is not asked."""
    with pytest.raises(InvalidInvoice) as caught:
        fitted("\x00\x01", required=True)

    assert (caught.value.failure.reason, caught.value.failure.field) == ("text-refused", "customer.name")


@given(text=st.text(), limit=st.integers(1, 30), lines=st.booleans())
def test_what_is_sent_always_fits(text: str, limit: int, lines: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
    """Whatever Opter holds, what is sent is valid UTF-8 within the limit, and any loss is remarked."""
    result = fitted(text, limit, lines=lines)
    sent = result.texts.get("name", "")

    assert len(sent.encode("utf-16-le")) <= 2 * limit
    assert sent == sent.strip()
    assert fitted(sent, limit, lines=lines) == Fitted(texts=result.texts, remarks=())
