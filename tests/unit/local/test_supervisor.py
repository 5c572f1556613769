"""The supervisor keeps processes running, and stops them together in order."""

from dataclasses import dataclass, field

from support.clock import ManualClock

from worker.local.supervisor import Death, Service, Supervisor


@dataclass
class FakeProcess:
    """A process that ends when the test says so."""

    name: str
    stopped: list[str]
    pid: int = 7
    ended: int | None = None

    def stop(self) -> None:
        self.stopped.append(self.name)


@dataclass
class Processes:
    """What was started and stopped."""

    started: list[FakeProcess] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def run(self, service: Service) -> FakeProcess:
        self.started.append(FakeProcess(service.name, self.stopped))
        return self.started[-1]


def supervisor(processes: Processes, clock: ManualClock, *names: str) -> Supervisor:
    return Supervisor([Service(name=name, arguments=(name,)) for name in names], run=processes.run, clock=clock)


def test_all_are_started_once(clock: ManualClock) -> None:
    """A second turn finds them running."""
    processes = Processes()
    supervised = supervisor(processes, clock, "intake", "worker")

    assert supervised.turn() == supervised.turn() == []
    assert [process.name for process in processes.started] == ["intake", "worker"]


def test_what_ends_is_restarted_later_each_time(clock: ManualClock) -> None:
    """Pauses of 1, 2, 4, 8, 16, 30 and 30 s."""
    processes = Processes()
    supervised = supervisor(processes, clock, "worker")
    supervised.turn()
    pauses = []
    for _ in range(7):
        processes.started[-1].ended = -9
        [death] = supervised.turn()
        pauses.append(death.pause)
        clock.advance(death.pause)
        supervised.turn()

    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert len(processes.started) == 8


def test_an_end_after_a_minute_starts_with_the_first_pause(clock: ManualClock) -> None:
    """A service that ran steadily is restarted after the first pause again."""
    processes = Processes()
    supervised = supervisor(processes, clock, "worker")
    supervised.turn()
    for _ in range(3):
        clock.advance(60)
        processes.started[-1].ended = 1
        assert supervised.turn() == [Death(service="worker", code=1, pause=1.0)]
        clock.advance(1)
        supervised.turn()


def test_they_stop_in_order_and_an_ended_process_gets_no_signal(clock: ManualClock) -> None:
    """Intake, worker, Flower; a process that has ended gets no signal."""
    processes = Processes()
    supervised = supervisor(processes, clock, "intake", "worker", "flower")
    supervised.turn()
    processes.started[1].ended = 0

    supervised.stop()

    assert processes.stopped == ["intake", "flower"]
