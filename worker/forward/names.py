"""File names that every system can hold: Windows reserves some, and tells no case apart."""

import re

#: Names of devices, with any ending (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
#: Bytes of a name, so that what we append still fits into the 255 that file systems allow.
_LONGEST = 200
#: Behind this prefix a path may be longer than Windows' 260 characters, and is taken as it is.
_LONG_PREFIX = "\\\\?\\"


def portable(name: str) -> str:
    """Return a name without folders that Windows and Linux can hold; its ending, which says the format, is kept."""
    last = re.split(r"[/\\]", name)[-1]
    plain = shortened(_FORBIDDEN.sub("_", last.encode(errors="replace").decode()).strip(" .") or "file")
    return f"_{plain}" if is_device(plain) else plain


def shortened(name: str) -> str:
    """Return a name of at most 200 bytes, its ending kept."""
    if len(name.encode(errors="replace")) <= _LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, f".{ending[:10]}") if dot else (name, "")
    room = _LONGEST - len(ending.encode(errors="replace"))
    return stem.encode(errors="replace")[:room].decode(errors="ignore").rstrip(" .") + ending


def is_device(name: str) -> bool:
    """Tell whether Windows takes a name for a device: ``CON``, ``con.xml``, ``COM1 .txt``."""
    return name.partition(".")[0].strip().lower() in _DEVICES


def long_path(path: str) -> str:
    r"""Return an absolute Windows path (``C:\...`` or ``\\server\share\...``) so that what is below it may be long."""
    plain = path.replace("/", "\\")
    if plain.startswith(_LONG_PREFIX):
        return plain
    return f"{_LONG_PREFIX}UNC\\{plain[2:]}" if plain.startswith("\\\\") else f"{_LONG_PREFIX}{plain}"
