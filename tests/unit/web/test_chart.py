"""The course of an export as bars."""

from worker.web.chart import HEIGHT, MOST_BARS, WIDTH, chart_of


def test_minutes_become_bars() -> None:
    """10, nothing and 5 in three minutes: the highest fills the picture, nothing has no height."""
    chart = chart_of({100: 10, 102: 5})

    assert chart is not None
    assert [(bar.exported, bar.height, bar.at) for bar in chart.bars] == [
        (10, HEIGHT, 6000),
        (0, 0, 6060),
        (5, 30, 6120),
    ]
    assert (chart.minutes, chart.most, chart.first, chart.last) == (1, 10, 6000, 6180)


def test_a_long_run_has_wider_steps() -> None:
    """250 minutes are 50 bars of 5 minutes, all inside the picture."""
    chart = chart_of(dict.fromkeys(range(1000, 1250), 2))

    assert chart is not None
    assert (len(chart.bars), chart.minutes, chart.most) == (50, 5, 10)
    assert len(chart.bars) <= MOST_BARS
    assert max(bar.x + bar.width for bar in chart.bars) <= WIDTH


def test_one_minute_has_no_course() -> None:
    """Nor has none."""
    assert (chart_of({}), chart_of({5: 3}), chart_of({5: 3, 6: 0})) == (None, None, None)
