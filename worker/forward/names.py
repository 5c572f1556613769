"""File names that every system can hold: Windows reserves some, and tells no case apart."""

import re

#: Names of devices, with any ending (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
#: Characters of a name, so that what we append still fits into the 255 bytes that file systems allow.
_LONGEST = 100
#: Windows' own limit of a path is 260 characters; beyond, only this prefix opens a file.
_LONG_PATH, _LONG_PREFIX = 240, "\\\\?\\"


def portable(name: str) -> str:
    """Return a name without folders that Windows and Linux can hold; its ending, which says the format, is kept."""
    last = re.split(r"[/\\]", name)[-1]
    plain = _FORBIDDEN.sub("_", last).strip(" .") or "file"
    stem, dot, ending = plain.rpartition(".")
    if len(plain.encode()) > _LONGEST:
        stem, ending = (stem, ending[:10]) if dot else (ending, "")
        plain = _cut(stem, _LONGEST - len(ending.encode()) - 1) + (f".{ending}" if ending else "")
    return f"_{plain}" if is_device(plain) else plain


def is_device(name: str) -> bool:
    """Tell whether Windows takes a name for a device: ``CON``, ``con.xml``, ``COM1 .txt``."""
    return name.partition(".")[0].strip().lower() in _DEVICES


def long_path(path: str) -> str:
    """Return an absolute Windows path so that it opens whatever its length; others are left as they are."""
    if len(path) < _LONG_PATH or path.startswith(_LONG_PREFIX):
        return path
    plain = path.replace("/", "\\")
    return f"{_LONG_PREFIX}UNC\\{plain[2:]}" if plain.startswith("\\\\") else f"{_LONG_PREFIX}{plain}"


def _cut(text: str, most: int) -> str:
    return text.encode()[: max(most, 1)].decode(errors="ignore")
