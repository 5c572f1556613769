"""What is known of an agreement as a whole: what it grants, the shapes of its answers, and what is wrong with them.

A shape is learned from answers, as no list of properties is complete: optional ones may be left out, and numbers that
are zero. So only what stood in every item so far, of enough of them, and then stands in none, has vanished.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.errors import Failure

#: Items that must have had a property, every one of them, before its absence means something.
ENOUGH = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """What the accounting system says of an agreement and the app; empty where it does not."""

    plan: str = ""
    roles: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """Properties of a resource's items, each as ``name:type`` with its path; what they hold is not kept."""

    #: How many items were seen.
    items: int
    #: Properties of any of them.
    seen: frozenset[str]
    #: Properties of all of them.
    always: frozenset[str]

    def vanished(self, now: "Shape") -> tuple[str, ...]:
        """Return what every item had, and now none has."""
        return tuple(sorted(self.always - now.seen)) if self.items >= ENOUGH and now.items else ()

    def appeared(self, now: "Shape") -> tuple[str, ...]:
        """Return what no item had before."""
        return tuple(sorted(now.seen - self.seen)) if self.items else ()

    def and_then(self, now: "Shape") -> "Shape":
        """Return the shape of both; one from which something has vanished stays as it was, until that is accepted."""
        if self.vanished(now) or not now.items:
            return self
        if not self.items:
            return now
        return Shape(items=self.items + now.items, seen=self.seen | now.seen, always=self.always & now.always)


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreementState:
    """What the last check of an export's agreement came to."""

    #: Seconds since the epoch, UTC.
    at: float
    #: What a person has to know before the next period is exported.
    failures: tuple[Failure, ...] = ()
    #: By resource.
    shapes: Mapping[str, Shape] = field(default_factory=dict)
