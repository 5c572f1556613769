"""Signs of life in memory."""

from collections.abc import Sequence

from support.memory_store.tables import Tables
from typing_extensions import override

from worker.domain.signs_of_life import FORGOTTEN_AFTER, SILENT_AFTER, FileNotTaken, LifePort, Part, SignOfLife


class MemoryLife(Tables, LifePort):
    """See ``LifePort``."""

    @override
    def show_life(self, part: Part, name: str, *, not_taken: FileNotTaken | None = None) -> None:
        with self.lock:
            now = self.now()
            self.files_not_taken[part, name] = not_taken
            kept = {who: at for who, at in self.lives.items() if now - FORGOTTEN_AFTER < at < now + SILENT_AFTER}
            self.lives = kept | {(part, name): now}

    @override
    def end_life(self, part: Part, name: str) -> None:
        with self.lock:
            self.lives.pop((part, name), None)

    def signs_of_life(self) -> Sequence[SignOfLife]:
        """See ``OperatorPort``."""
        with self.lock:
            return [
                SignOfLife(
                    part=part,
                    name=name,
                    silent_for=max(0.0, self.now() - at),
                    not_taken=self.files_not_taken.get((part, name)),
                )
                for (part, name), at in sorted(self.lives.items())
                if at < self.now() + SILENT_AFTER
            ]
