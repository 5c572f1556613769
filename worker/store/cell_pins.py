"""Which store is which, and which export is in which, noted at the first start: one in two would be doubled."""

from collections.abc import Iterable, Mapping

from worker.store.connection import StoreConnection, mapping, text


class RedisCellPins(StoreConnection):
    """What one store says. Every method may raise ``StoreUnavailable``."""

    def store_name(self, name: str) -> str:
        """Return the name under which this store was first started, which is ``name`` if it never was."""
        key = self.key("store-name")
        _, said = self.ask(["SET", key, name, "NX"], ["GET", key])
        return text(said)

    def stores_of(self) -> Mapping[str, str]:
        """Return the store in which each export was first started; asked of the installation's own store."""
        return mapping(self.ask(["HGETALL", self.key("export-stores")])[0])

    def note_stores(self, stores: Mapping[str, str]) -> None:
        """Note the stores of exports that are there for the first time; what is noted stays."""
        if stores:
            self.ask(*(["HSETNX", self.key("export-stores"), export, name] for export, name in stores.items()))

    def known(self, exports: Iterable[str]) -> frozenset[str]:
        """Return those exports of which this store holds something, or whose agreement it has pinned."""
        names = list(exports)
        if not names:
            return frozenset()
        asked = [
            command
            for name in names
            for command in (["SISMEMBER", self.key("exports"), name], ["HEXISTS", self.key("pins"), name])
        ]
        answers = self.ask(*asked)
        return frozenset(name for name, *found in zip(names, answers[::2], answers[1::2], strict=True) if any(found))

    def agreements(self) -> Mapping[str, int]:
        """Return the agreement that each export of this store is pinned to."""
        return {export: int(number) for export, number in mapping(self.ask(["HGETALL", self.key("pins")])[0]).items()}
