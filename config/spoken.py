"""The language of the person at a terminal, as the environment names it."""

from collections.abc import Mapping

#: In the order in which a C library asks them for the language of messages (POSIX, "Internationalization Variables").
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def spoken(environ: Mapping[str, str]) -> str:
    """Return ``da`` where the first variable that is set names Danish (``da_DK.UTF-8``), else ``en``."""
    locale = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    return "da" if locale.partition(".")[0].partition("_")[0].lower() == "da" else "en"
