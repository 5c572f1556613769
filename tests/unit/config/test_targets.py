import pytest
from support.samples import export

from config.targets import at_economic, non_production_targets, split_addresses, unsafe_addresses

SANDBOX = "http://127.0.0.1:8765"


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://restapi.e-conomic.com", True),
        ("https://RESTAPI.e-conomic.com/x", True),
        ("https://e-conomic.com", True),
        (SANDBOX, False),
        ("https://e-conomic.com.evil.example", False),
        ("https://not-e-conomic.com", False),
        ("https://evil.example/e-conomic.com", False),
        ("https://e-conomic.com@evil.example", False),
        ("https://[", False),
    ],
)
def test_only_e_conomics_own_hosts_are_its_own(url: str, own: bool) -> None:  # noqa: FBT001  # a table's column
    """By host name, whatever the rest of the address says."""
    exports = {"main": export(api_url=url)}

    assert at_economic(exports) == ({"main": url} if own else {})
    assert non_production_targets(exports) == ({} if own else {"main": url})


@pytest.mark.parametrize(
    ("addresses", "wrong"),
    [
        ({}, []),
        ({"api_url": SANDBOX, "openapi_url": SANDBOX}, []),
        ({"api_url": SANDBOX}, ["api_url"]),
        ({"openapi_url": SANDBOX}, ["openapi_url"]),
    ],
)
def test_an_export_goes_to_one_place(addresses: dict[str, str], wrong: list[str]) -> None:
    """Half in the books and half in the sandbox is an error of the exports file."""
    assert [key for key, _, _ in split_addresses(export(**addresses))] == wrong


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("http://127.0.0.1:8765", True),
        ("http://127.8.0.1:8765", True),
        ("http://[::1]:8765", True),
        ("http://localhost:8765", True),
        ("https://sandbox:8765", True),
        ("http://sandbox:8765", False),
        ("http://10.0.0.7:8765", False),
        ("http://localhost.example.dk", False),
        ("http://restapi.e-conomic.com", False),
        ("ftp://127.0.0.1", False),
    ],
)
def test_tokens_leave_this_machine_encrypted_only(address: str, safe: bool) -> None:  # noqa: FBT001  # a table's column
    """A name that only a network knows is on a network, where others may read along."""
    wrong = [key for key, _, _ in unsafe_addresses(export(api_url=address, openapi_url=address))]

    assert wrong == ([] if safe else ["api_url", "openapi_url"])
