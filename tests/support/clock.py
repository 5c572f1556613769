"""A clock that stands still until a test moves it."""


class ManualClock:
    """Seconds since the epoch, as the product's clocks are called: ``clock()``."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
