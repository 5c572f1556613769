"""How long the archive keeps its texts: whole accounting years, after which only hashes stay. Pure."""

from datetime import date

_DECEMBER = 12


def first_kept(today: date, *, years: int, year_ends: int) -> date:
    """Return the first day whose business is still kept: so many accounting years before the running one begins.

    ``year_ends`` is the last month of an accounting year, 12 for calendar years.
    """
    month = year_ends % _DECEMBER + 1
    begun = today.year if today.month >= month else today.year - 1
    return date(begun - years, month, 1)
