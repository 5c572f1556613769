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


class _Twice(redis.client.Pipeline):
    """Sends all its commands a second time, and gives the second answers."""

    def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002  # the driver's own signature
        commands = list(self.command_stack)
        super().execute(raise_on_error)
        self.command_stack = commands
        return list(super().execute(raise_on_error))


class EchoingPipelines(redis.Redis):
    """Runs every pipeline twice: what a client does whose first answer was lost."""

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> _Twice:  # noqa: FBT001, FBT002  # the same
        return _Twice(self.connection_pool, self.response_callbacks, transaction, shard_hint)
