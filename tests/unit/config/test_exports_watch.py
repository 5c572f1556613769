"""The exports file while everything runs: what is taken in, what is not, and that each is found once."""

from collections.abc import Mapping
from typing import Any

import pytest
from support.samples import export

from config.errors import ConfigurationError, ConfigurationErrors
from config.exports import ExportConfig
from config.exports_watch import Changed, ExportsWatch, LiveExports, Refused

Read = Mapping[str, ExportConfig] | ConfigurationErrors


class File:
    """What the file holds at each look."""

    def __init__(self, **exports: ExportConfig) -> None:
        self.content: Read = exports
        #: Why exports must not be in their stores.
        self.misplaced: list[str] = []
        self.watch = ExportsWatch(
            dict(exports), self._read, file="exports.toml", misplaced=lambda _: tuple(self.misplaced)
        )

    def _read(self) -> Mapping[str, ExportConfig]:
        if isinstance(self.content, ConfigurationErrors):
            raise self.content
        return self.content

    def looks(self, times: int = 4) -> list[Changed | Refused]:
        """Look so many times; return what was found."""
        return [found for _ in range(times) if (found := self.watch.look()) is not None]


def broken(problem: str = "is not TOML.") -> ConfigurationErrors:
    error = ConfigurationError(file="exports.toml", entry="", key="", problem=problem, next_step="Correct it.")
    return ConfigurationErrors([error])


def test_nothing_is_found_while_nothing_changes() -> None:
    """However often the file is read."""
    assert File(main=export()).looks() == []


@pytest.mark.parametrize(
    "change",
    [{"closed_period": "hold"}, {"layout": 18}, {"grant_token": "another-grant-token-0001"}, {"agreement": 417_001}],
)
def test_a_changed_setting_is_taken_in_once(change: dict[str, Any]) -> None:
    """A token that was replaced, and an agreement that is named at last: each is compared before the next write."""
    file = File(main=export())
    file.content = {"main": export(**change)}

    [found] = file.looks()

    assert isinstance(found, Changed)
    assert (found.new, found.changed) == ([], ["main"])
    assert file.watch.exports == file.content


def test_a_new_export_is_not_taken_in_while_it_is_in_another_store() -> None:
    """Asked of the stores when there is a new one, and taken in once nothing speaks against it."""
    file = File(main=export())
    file.misplaced = ["Export north was in store north; the exports file says default."]
    file.content = {"main": export(layout=18)}
    assert isinstance(file.looks()[0], Changed)  # no new one, so that nothing was asked
    file.content = {"main": export(layout=18), "north": export(name="north", grant_token="another-grant-token-0001")}
    [refused] = file.looks()
    assert isinstance(refused, Refused)
    assert [error.problem for error in refused.errors] == file.misplaced
    file.misplaced = []
    [found] = file.looks()
    assert isinstance(found, Changed)
    assert found.new == ["north"]


def test_a_new_export_is_taken_in_beside_the_others() -> None:
    """Only the new one is called new, and no other one changed."""
    file = File(main=export())
    file.content = {"main": export(), "sweden": export(name="sweden")}

    [found] = file.looks()

    assert isinstance(found, Changed)
    assert (found.new, found.changed) == (["sweden"], [])


def test_half_a_file_counts_for_nothing() -> None:
    """It is broken, or lacks its second half, at one look, and whole at the next: nothing is said, nothing is lost."""
    file = File(main=export(), sweden=export(name="sweden"))
    whole = file.content
    for half in (broken(), {"main": export()}, broken("is nested too deeply.")):
        file.content = half
        assert file.looks(1) == []
        file.content = whole
        assert file.looks(1) == []
    assert file.looks() == []


def test_a_broken_file_is_reported_once_and_the_former_stays() -> None:
    """Another error in it is another report; so is the same one after it was right in between."""
    file = File(main=export())
    former, reports = file.content, []
    for content in (broken(), broken("is not UTF-8."), former, broken()):
        file.content = content
        reports += file.looks()

    assert [type(report) for report in reports] == [Refused, Refused, Changed, Refused]
    assert file.watch.exports == former


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("agreement", 1, 2),
        ("agreement", 1, None),
        ("api_url", "http://127.0.0.1:8765", "https://restapi.e-conomic.com"),
        ("openapi_url", "http://127.0.0.1:8765", "https://apis.e-conomic.com"),
        ("method", "invoice", "voucher"),
        ("invoice_series", "one", "by-type"),
    ],
)
def test_whose_books_an_export_fills_does_not_change_under_its_records(key: str, before: Any, after: Any) -> None:
    """The file is refused as a whole, with place, both values and the next step."""
    file = File(main=export(**{key: before}), sweden=export(name="sweden"))
    former = file.content
    file.content = {"main": export(**{key: after}), "sweden": export(name="sweden", layout=18)}

    [found] = file.looks()

    assert isinstance(found, Refused)
    [error] = found.errors
    assert (error.entry, error.key) == ("exports.main", key)
    assert str(before or "left out") in error.problem
    assert str(after or "left out") in error.problem
    assert "start again" in error.next_step
    assert file.watch.exports == former


def test_an_agreement_named_together_with_another_token_could_lead_elsewhere() -> None:
    """A named one goes before that of the first use: both at once are refused."""
    file = File(main=export())
    file.content = {"main": export(agreement=2, grant_token="another-grant-token-0001")}

    assert [type(found) for found in file.looks()] == [Refused]


def test_an_export_that_is_gone_goes_on() -> None:
    """Its invoices are on their way: taken out by a slip, or renamed, it must not leave them standing."""
    file = File(main=export(), sweden=export(name="sweden"))
    file.content = {"main": export(), "sverige": export(name="sverige")}

    [found] = file.looks()

    assert isinstance(found, Refused)
    assert [error.entry for error in found.errors] == ["exports.sweden"]
    assert set(file.watch.exports) == {"main", "sweden"}


def test_readers_of_live_exports_see_the_change() -> None:
    """At their next look, by every way to look."""
    live = LiveExports({"main": export()})
    live.take({"main": export(layout=18), "sweden": export(name="sweden")})

    assert sorted(live) == ["main", "sweden"]
    assert len(live) == 2
    assert live["main"].layout == 18
    assert "sweden" in live
