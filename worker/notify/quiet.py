"""Quiet hours: when a notice may be sent. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.notify_section import ChannelSetup, quiet_bounds
from worker.domain.notices import Kind

_HOUR = 60


def due_at(now: float, kind: Kind, channel: ChannelSetup, zone: str) -> float:
    """Return when this may be sent: now, or at the end of the quiet hours (seconds since the epoch).

    Local time decides. An end that the clocks jump over in spring comes with the jump; one that comes twice in autumn
    counts the first time.
    """
    bounds = quiet_bounds(channel.quiet_hours)
    if bounds is None or kind.value in channel.urgent:
        return now
    start, end = bounds
    local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(zone))
    minute = local.hour * _HOUR + local.minute
    if not (start <= minute < end if start < end else minute >= start or minute < end):
        return now
    day = local.date() + timedelta(days=1 if minute >= end else 0)
    return datetime.combine(day, time(end // _HOUR, end % _HOUR), ZoneInfo(zone)).timestamp()
