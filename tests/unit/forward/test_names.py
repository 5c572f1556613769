"""Names and paths as Windows has them."""

import pytest

from worker.forward.names import is_device, long_path, portable, shortened


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("periode 47.xml", "periode 47.xml"),
        ("æøå.csv", "æøå.csv"),
        ("C:\\Opter\\ud\\p.xml", "p.xml"),
        ("../../etc/passwd", "passwd"),
        ('a<b>c:d"e|f?g*h.xml', "a_b_c_d_e_f_g_h.xml"),
        ("a\nb\0c.xml", "a_b_c.xml"),
        ("p.xml. . ", "p.xml"),
        ("CON", "_CON"),
        ("con.xml", "_con.xml"),
        ("COM1 .txt", "_COM1 .txt"),
        ("LPT³.csv", "_LPT³.csv"),
        ("contract.xml", "contract.xml"),
        ("com10.xml", "com10.xml"),
        ("", "file"),
        ("...", "file"),
        ("\ud800.xml", "_.xml"),
    ],
)
def test_a_name_becomes_one_that_every_system_holds(name: str, shown: str) -> None:
    """Folders, reserved characters, devices, and blanks or dots at the end are Windows' rules; its ending stays."""
    assert portable(name) == shown
    assert portable(shown) == shown


@pytest.mark.parametrize("letter", ["a", "æ", "字"])
def test_a_long_name_is_cut_at_a_letter(letter: str) -> None:
    """So that what is appended still fits; the ending, which says the format, stays."""
    short = shortened(f"{letter * 250}.xml")

    assert len(short.encode()) <= 200
    assert set(short.removesuffix(".xml")) == {letter}


@pytest.mark.parametrize("name", ["nul", "NUL.txt", "Aux.", "com9"])
def test_devices_are_known_in_any_case(name: str) -> None:
    """Whatever ending they have."""
    assert is_device(name)


@pytest.mark.parametrize(
    ("path", "long"),
    [
        (r"C:\Opter\ud", r"\\?\C:\Opter\ud"),
        ("C:/Opter/ud", r"\\?\C:\Opter\ud"),
        (r"\\server\share\ud", r"\\?\UNC\server\share\ud"),
        (r"\\?\C:\Opter", r"\\?\C:\Opter"),
    ],
)
def test_a_path_may_be_long(path: str, long: str) -> None:
    """Behind the prefix Windows takes more than 260 characters; it wants backslashes then."""
    assert long_path(path) == long
