"""The ways in with real processes: watcher, page, intake, forwarder are killed as files come; each is booked once."""

import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Self

import pytest
from support.chaos.report import Report
from support.formats import to_xml
from support.installation import SHORT_LEASES, Installation, event, free_port
from support.samples import mixed_invoices

from worker.domain.invoice import Invoice

SECRET = "0123456789abcdef0123456789abcdef"
_SOURCE = """
[exports.main.source]
folder = "{folder}"
stable_seconds = 0.3
quiet_seconds = 600
http_secret_file = "{secret}"
"""


class Place(Installation):
    """An installation with a watched folder, and Opter's machine with a folder of its own and the forwarder."""

    services = ("watch", "intake", "web", "worker", "forward")

    def __init__(self, path: Path) -> None:
        self.here, self.there = path / "here", path / "there"
        for folder in (self.here, self.there):
            folder.mkdir()
        (path / "secret").write_text(SECRET)
        source = _SOURCE.format(folder=self.here, secret=path / "secret")
        self.page = free_port()
        settings = SHORT_LEASES | {"web__port": str(self.page), "intake__heartbeat": "3", "intake__fetch_deadline": "2"}
        super().__init__(path, exports={"main": ""}, **settings)
        self._source = source

    def __enter__(self) -> Self:
        super().__enter__()
        exports = self.folder / "exports.toml"
        exports.write_text(exports.read_text() + self._source)
        return self

    def tend(self) -> None:
        """Start what does not run."""
        for name in self.services:
            if self.running(name):
                continue
            if name == "forward":
                command = [
                    sys.executable,
                    "-P",
                    "-m",
                    "worker.forward",
                    str(self.there),
                    f"http://127.0.0.1:{self.page}",
                ]
                options = ["--export", "main", "--secret-file", str(self.folder / "secret"), "--stable-seconds", "0.3"]
                self.run(name, *command, *options)
            else:
                self.start(name, *(("web", "--by", "anna") if name == "web" else (name,)))

    def booked(self) -> Counter[str]:
        agreement: dict[str, Any] = next(iter(self.sandbox("GET", "state").values()))
        return Counter(str(each["references"]["other"]) for each in agreement["booked"].values())


def _files(number: int, period: list[Invoice], chance: random.Random) -> dict[str, bytes]:
    """Return the files of a period: whole, or one for each invoice."""
    data = event(*period, period=number, name=f"p{number}")["data"]
    if chance.random() < 0.4:
        return {f"p{number}.xml": to_xml(data)}
    return {f"p{number}-{n}.xml": to_xml(data | {"invoices": [one]}) for n, one in enumerate(data["invoices"])}


def play(folder: Path, seed: int, *, periods: int, size: int) -> list[str]:
    """Let files come at both folders under kills; return what is wrong in the end."""
    chance = random.Random(seed)
    every = mixed_invoices(periods * size)
    wanted = {f"main-{invoice.invoice_number}" for invoice in every}
    with Place(folder) as place:
        place.tend()
        arrivals: list[tuple[Path, bytes]] = []
        for number in range(periods):
            side = chance.choice([place.here, place.there])
            files = _files(number + 1, every[number * size : (number + 1) * size], chance)
            arrivals += [(side / name, content) for name, content in files.items()]
        chance.shuffle(arrivals)
        for path, content in arrivals:
            path.write_bytes(content[: len(content) // 2])
            if chance.random() < 0.3:
                _kill(place, chance)
            path.write_bytes(content)
            if chance.random() < 0.3:
                _kill(place, chance)

        def rests() -> bool:
            place.tend()
            return set(place.booked()) >= wanted

        place.wait_for(rests, "every invoice is booked", seconds=400)
        booked = place.booked()
        left = [path.name for side in (place.here, place.there) for path in (side / "failed").glob("*")]
    doubled = [f"{reference} is booked {times} times" for reference, times in booked.items() if times > 1]
    return doubled + [f"booked and not sent: {name}" for name in set(booked) - wanted] + [f"refused: {n}" for n in left]


def _kill(place: Place, chance: random.Random) -> None:
    victim = chance.choice(place.services)
    if place.running(victim):
        place.kill(victim)
    place.tend()


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("further", range(3))
def test_nothing_is_lost_and_nothing_doubled(tmp_path: Path, first_seed: int, further: int, report: Report) -> None:
    """Five periods of four invoices, in halves and out of order, at the watched folder and at the forwarder's."""
    wrong = play(tmp_path, first_seed + further, periods=5, size=4)
    report.played("ways in, with real processes", 1, bool(wrong))
    assert wrong == []
