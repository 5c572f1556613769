"""The forwarder: complete files are posted, one after the other, and moved aside once there is an answer.

Killed at any moment, it sends the same content again, which the other side knows. So nothing has to be remembered here.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from worker.forward.folder import DONE, Folder, Seen, refusal_text
from worker.forward.sending import Answer, Unusable

log = logging.getLogger("forward")

#: Largest file that is sent; the other side takes 32 MiB unless it is set otherwise.
MOST_BYTES = 256 << 20


@dataclass(kw_only=True)
class Turn:
    """What one look at the folder did."""

    sent: int = 0
    refused: int = 0
    #: Files that stay for now: in use, or the other side cannot take them.
    left: int = 0
    #: Seconds to wait at least before the next look.
    wait: float = 0.0


@dataclass(kw_only=True)
class Forwarder:
    """Forwards the files of one folder."""

    folder: Folder
    send: Callable[[str, bytes], Answer]
    stable_seconds: float
    done_files: bool
    #: Answers for files that could not be moved, as another program has them open; they are not sent again.
    _answered: dict[tuple[str, Seen], tuple[Answer, str]] = field(default_factory=dict)

    def turn(self, now: float) -> Turn:
        """Send what is complete at ``now`` (seconds, of any clock that runs evenly).

        Raises ``Unusable`` when the set-up is wrong, ``OSError`` for a folder that cannot be used; files stay then.
        """
        self.folder.prepare()
        turn = Turn()
        names = self.folder.complete(now=now, stable=self.stable_seconds, done_files=self.done_files)
        for position, name in enumerate(names):
            answer = self._one(name, turn)
            if answer and answer.outcome == "later":
                turn.left, turn.wait = turn.left + len(names) - position, answer.retry_after
                log.warning("%s stays for now: %s", name, answer.detail)
                break
        return turn

    def _one(self, name: str, turn: Turn) -> Answer | None:
        try:
            seen = self.folder.seen(name)
            answer, digest = self._answered.get((name, seen)) or self._sent(name)
            if answer.outcome == "later":
                return answer
            self._answered[name, seen] = answer, digest
            self._put_aside(name, answer, digest)
        except (PermissionError, FileNotFoundError, _Changing) as error:
            # Windows says so of a file that another program has open; its folder's rights show at the next one too.
            log.info("%s is in use, or may not be moved; it is tried again (%s).", name, type(error).__name__)
            turn.left += 1
            return None
        self._answered.pop((name, seen), None)
        turn.sent += answer.outcome == "sent"
        turn.refused += answer.outcome == "refused"
        log.log(logging.INFO if answer.outcome == "sent" else logging.ERROR, "%s %s", name, _said(answer))
        return answer

    def _sent(self, name: str) -> tuple[Answer, str]:
        if self.folder.seen(name).size > MOST_BYTES:
            text = f"It has more than {MOST_BYTES} bytes."
            refusal = Answer(outcome="refused", detail=text, next_step="Have Opter write one file for each invoice.")
            return refusal, self.folder.digest(name)
        content = self.folder.read(name)
        if content is None:
            raise _Changing
        answer = self.send(name, content)
        if answer.outcome == "stop":
            raise Unusable(f"{answer.detail} {answer.next_step}".strip())
        return answer, hashlib.sha256(content).hexdigest()

    def _put_aside(self, name: str, answer: Answer, digest: str) -> None:
        if answer.outcome == "sent":
            self.folder.move(name, DONE, digest)
            return
        words = refusal_text(name, answer.problems or [answer.detail], [answer.next_step], answer.danish)
        self.folder.refuse(name, digest, words=words, document=answer.document)


class _Changing(Exception):
    """A file was written to while it was read."""


def _said(answer: Answer) -> str:
    return "was accepted." if answer.outcome == "sent" else f"was refused: {answer.detail}"
