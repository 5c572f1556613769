"""A Redis driver as bad as the protocol allows."""

from typing import Any

import redis

#: Commands that run a script: by its source when the server has not seen it yet.
_SCRIPTS = frozenset({"EVALSHA", "EVAL"})


class EchoingRedis(redis.Redis):
    """Runs every script twice and gives the second answer: what a client does whose first answer was lost."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if args[0] in _SCRIPTS:
            super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # the driver leaves it untyped
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # same


class LateRedis(redis.Redis):
    """Remembers its last script call, to run it again later: a repeat that took its time."""

    last: tuple[Any, ...] = ()

    def client(self) -> "LateRedis":
        """Return itself: calls of every thread are remembered here."""
        return self

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if args[0] in _SCRIPTS:
            self.last = args
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # the driver leaves it untyped

    def again(self, call: tuple[Any, ...]) -> Any:
        """Run it, and return its answer without the time that comes along."""
        _, answer = super().execute_command(*call)  # type: ignore[no-untyped-call]  # same
        return answer
