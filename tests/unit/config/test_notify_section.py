"""Channels as they are set: what is refused, what is inherited, where an address stands."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from support.samples import export

from config.names import NOTICE_KINDS
from config.notify_section import Channel, ChannelUnreadable, Notify, address_of, channel_errors, channels_of
from config.settings import Settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": "period-done,paussed"},
        {"urgent": "x"},
        {"quiet_hours": "20-07"},
        {"quiet_hours": "07:00-07:00"},
        {"quiet_hours": "24:00-07:00"},
        {"time_zone": "Europe/Kobenhavn"},
        {"url": "no address"},
        {"language": "sv"},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, str]) -> None:
    """When the process starts, not when a message is due."""
    with pytest.raises(ValidationError):
        Notify(**wrong)  # type: ignore[arg-type]  # as the environment gives them


def test_a_channel_of_an_export_has_what_it_does_not_set_from_the_settings() -> None:
    """An empty list of kinds is all of them; an empty text of quiet hours is none."""
    notify = Notify(url=SecretStr("log://"), quiet_hours="20:00-07:00", urgent=("paused",), language="en")
    settings = Settings().model_copy(update={"notify": notify})
    own = Channel(url_env="A", quiet_hours="", kinds=("to-fix",), language="da")
    exports = {"main": export().model_copy(update={"channels": {"finance": own, "it": Channel(url_file="b")}})}
    whole, finance, it = channels_of(settings, exports)

    assert (whole.id, whole.export, whole.kinds) == ("installation", "", frozenset(NOTICE_KINDS))
    assert (finance.id, finance.export, finance.kinds) == ("main:finance", "main", frozenset({"to-fix"}))
    assert (finance.quiet_hours, finance.language) == ("", "da")
    assert (it.quiet_hours, it.urgent, it.language) == ("20:00-07:00", frozenset({"paused"}), "en")
    assert list(channels_of(Settings(), {"main": export()})) == []


def test_an_address_is_read_anew_from_its_file_or_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it can be replaced; what cannot be read says where, and never what it holds."""
    channels = {"file": Channel(url_file="finance"), "env": Channel(url_env="OF_FINANCE")}
    by_file, by_variable = channels_of(Settings(), {"main": export().model_copy(update={"channels": channels})})
    (tmp_path / "finance").write_text("json://a.example/token-1\n")
    first = address_of(by_file, tmp_path)
    (tmp_path / "finance").write_text("the token-4711 alone")
    monkeypatch.setenv("OF_FINANCE", "log://")

    assert (first, address_of(by_variable, tmp_path)) == ("json://a.example/token-1", "log://")
    with pytest.raises(ChannelUnreadable, match="finance holds no address") as refused:
        address_of(by_file, tmp_path)
    assert "4711" not in str(refused.value)
    (tmp_path / "finance").unlink()
    with pytest.raises(ChannelUnreadable, match="cannot be read"):
        address_of(by_file, tmp_path)


@pytest.mark.parametrize(
    ("channel", "problem"),
    [(Channel(), "has no address."), (Channel(url_env="A", url_file="b"), "has two addresses.")],
)
def test_a_channel_has_one_address(channel: Channel, problem: str) -> None:
    """By a variable or a file."""
    [found] = channel_errors(export().model_copy(update={"channels": {"finance": channel}}))

    assert found[:2] == ("channels.finance", problem)
