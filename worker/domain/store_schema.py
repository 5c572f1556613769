"""The schema of the store: what version of it is kept, and which programs may work on it."""

from dataclasses import dataclass

#: What this program keeps. 1: before versions were kept; 2: every period is indexed.
CURRENT = 2
#: The oldest program's schema that may work beside this one.
NEEDS = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreSchema:
    """What a store says of itself."""

    version: int
    #: A program that keeps an older schema than this must leave the store alone.
    needs: int

    @property
    def too_new(self) -> bool:
        """Whether this program must leave the store alone."""
        return self.needs > CURRENT

    @property
    def behind(self) -> bool:
        """Whether `migrate` has something to do; this program works without it."""
        return self.version < CURRENT

    @property
    def refusal(self) -> str:
        """Why this program does not work on a store that is too new, and the next step."""
        return (
            f"This store was migrated by a newer version of this program (it needs schema {self.needs}, this version "
            f"keeps {CURRENT}): nothing is done here. Start the newer version instead of this one."
        )
