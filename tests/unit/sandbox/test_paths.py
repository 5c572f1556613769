import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.sandbox.paths import Router, decode_parameter, encode_parameter
from worker.sandbox.routes import Route
from worker.sandbox.state import Agreement, Answer, ApiError, Call


def _unused(_: Agreement, __: Call) -> Answer:
    return Answer(status=200, body=None)


ROUTER = Router(
    [
        Route(method="GET", path="/self", handler=_unused),
        Route(method="GET", path="/invoices/drafts", handler=_unused),
        Route(method="DELETE", path="/invoices/drafts", handler=_unused),
        Route(method="GET", path="/invoices/drafts/{draftInvoiceNumber}", handler=_unused),
        Route(method="GET", path="/accounting-years/{year}/periods", handler=_unused),
        Route(method="GET", path="/journals/{n}/vouchers/{year}-{voucherNumber}", handler=_unused),
        Route(method="GET", path="/journals/{n}/vouchers/lag", handler=_unused),
    ]
)


@pytest.mark.parametrize(
    ("path", "template", "params"),
    [
        ("/self", "/self", {}),
        ("/invoices/drafts/", "/invoices/drafts", {}),  # an empty number is the whole list: how drafts get lost
        ("/invoices/drafts/7", "/invoices/drafts/{draftInvoiceNumber}", {"draftInvoiceNumber": "7"}),
        ("/accounting-years/2025_6_2026/periods", "/accounting-years/{year}/periods", {"year": "2025/2026"}),
        (
            "/journals/1/vouchers/2025_6_2026a-50",
            "/journals/{n}/vouchers/{year}-{voucherNumber}",
            {"n": "1", "year": "2025/2026a", "voucherNumber": "50"},
        ),
    ],
)
def test_which_route_a_path_leads_to(path: str, template: str, params: dict[str, str]) -> None:
    """Templates match whole segments or parts of one; parameters arrive decoded."""
    route, parameters = ROUTER.find("GET", path)
    assert (route.path, parameters) == (template, params)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/", 404),
        ("GET", "/self/x", 404),
        ("POST", "/self", 405),
        ("PUT", "/self/", 405),
    ],
)
def test_a_wrong_path_is_404_and_a_wrong_method_405(method: str, path: str, status: int) -> None:
    """A wrong method is 405, a wrong path 404."""
    with pytest.raises(ApiError) as caught:
        ROUTER.find(method, path)
    assert caught.value.status == status
    assert ROUTER.peek(method, path) is None


@given(st.text(alphabet="<>*%:&/\\_ ?.#+aZ09"))
def test_the_encoding_of_awkward_characters_is_undone(text: str) -> None:
    """Whatever is encoded comes back."""
    assert decode_parameter(encode_parameter(text)) == text


def test_the_codes_follow_the_documented_order() -> None:
    """< > * % : & / backslash _ space ? . # + are _0_ to _13_."""
    assert encode_parameter("<>*%:&/\\_ ?.#+") == "".join(f"_{n}_" for n in range(14))
