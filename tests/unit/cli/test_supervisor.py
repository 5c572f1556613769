"""Processes are kept running, and stopped together in order."""

from dataclasses import dataclass, field

from support.clock import ManualClock

from worker.local.supervisor import Death, Service, Supervisor


@dataclass
class Fake:
    """A process that ends when the test says so."""

    name: str
    stopped: list[str]
    pid: int = 7
    ended: int | None = None

    def stop(self) -> None:
        self.stopped.append(self.name)


@dataclass
class House:
    """What was started and stopped."""

    started: list[Fake] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def run(self, service: Service) -> Fake:
        self.started.append(Fake(service.name, self.stopped))
        return self.started[-1]


def supervisor(house: House, clock: ManualClock, *names: str) -> Supervisor:
    return Supervisor([Service(name=name, arguments=(name,)) for name in names], run=house.run, clock=clock)


def test_all_are_started_once(clock: ManualClock) -> None:
    """A second turn finds them running."""
    house = House()
    looks_after = supervisor(house, clock, "intake", "worker")

    assert looks_after.turn() == looks_after.turn() == []
    assert [one.name for one in house.started] == ["intake", "worker"]


def test_what_dies_is_started_again_later_each_time(clock: ManualClock) -> None:
    """Pauses of 1, 2, 4, 8, 16, 30 and 30 s."""
    house = House()
    looks_after = supervisor(house, clock, "worker")
    looks_after.turn()
    pauses = []
    for _ in range(7):
        house.started[-1].ended = -9
        [death] = looks_after.turn()
        pauses.append(death.pause)
        clock.advance(death.pause)
        looks_after.turn()

    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert len(house.started) == 8


def test_a_death_after_a_minute_begins_anew(clock: ManualClock) -> None:
    """What ran steadily is not punished for last week."""
    house = House()
    looks_after = supervisor(house, clock, "worker")
    looks_after.turn()
    for _ in range(3):
        clock.advance(60)
        house.started[-1].ended = 1
        assert looks_after.turn() == [Death(service="worker", code=1, pause=1.0)]
        clock.advance(1)
        looks_after.turn()


def test_they_are_stopped_in_order_and_the_dead_are_left(clock: ManualClock) -> None:
    """Intake, worker, Flower; a process that has ended gets no signal."""
    house = House()
    looks_after = supervisor(house, clock, "intake", "worker", "flower")
    looks_after.turn()
    house.started[1].ended = 0

    looks_after.stop()

    assert house.stopped == ["intake", "flower"]
