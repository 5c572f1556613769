"""The language in which the commands speak: English as it stands in the code, Danish from the catalogues."""

from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations
from typing import Any

from typer.core import TyperCommand, TyperGroup

#: What ``--lang`` takes.
LANGUAGES = ("da", "en")
_SPOKEN: ContextVar[str] = ContextVar("spoken", default="en")


def speak(language: str) -> None:
    """Speak one of ``LANGUAGES`` from now on, in this thread."""
    _SPOKEN.set(language)


def spoken() -> str:
    """Return the language spoken."""
    return _SPOKEN.get()


def say(text: str, **values: Any) -> str:
    """Return a text in the language spoken, its ``{placeholders}`` filled in after that."""
    said = _catalogue(spoken()).gettext(text) if text else ""
    return said.format(**values) if values else said


def say_count(number: int, singular: str, plural: str, **values: Any) -> str:
    """Return the text that fits a number, with ``{number}`` and the other placeholders filled in."""
    return _catalogue(spoken()).ngettext(singular, plural, number).format(number=number, **values)


def mark(text: str) -> str:
    """Return a constant unchanged, marked as one that ``say`` will be asked for."""
    return text


def mark_count(singular: str, plural: str) -> tuple[str, str]:
    """Return constants unchanged, marked as ones of which ``say_count`` will be asked for the fitting one."""
    return singular, plural


def say_help(command: TyperCommand | TyperGroup) -> None:
    """Put the help of a command, its options, and the commands of a group into the language spoken."""
    command.help = say(command.help or "")
    command.short_help = say(command.short_help) if command.short_help else command.short_help
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = say(parameter.help)  # type: ignore[attr-defined]  # typer's options and arguments have one
        if isinstance(shown := getattr(parameter, "show_default", None), str):
            parameter.show_default = say(shown)  # type: ignore[attr-defined]  # see above
    for child in command.commands.values() if isinstance(command, TyperGroup) else ():
        say_help(child)  # type: ignore[arg-type]  # typer makes no others


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    from worker.web.language import catalogue, translations  # noqa: PLC0415  # slow to load, and English needs none

    words = catalogue("worker.cli", language)
    words.add_fallback(translations(language))
    return words
