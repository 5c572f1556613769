"""The one GET to a host that an event names: at an address that was checked, under the name that was allowed."""

import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx

from worker.economic import DeadlineTransport
from worker.errors import Failure, Unavailable, Unreachable
from worker.intake.web import Fetched
from worker.invoicing.reasons import Reason, failure


class HttpFetch:
    """See ``worker.intake.web.Fetch``: no redirects, no cookies, no proxy from the environment. Threads may share it.

    Every fetch has a connection of its own. One that is kept would be found again by its address, and two names may
    share an address: the second would travel over a connection whose certificate was checked for the first.
    """

    def __init__(self, *, timeout: float, deadline: float, context: ssl.SSLContext | None = None) -> None:
        """``timeout`` is seconds without a byte, ``deadline`` those of the whole; ``context`` says whom TLS trusts."""
        self._timeout = timeout
        self._deadline = deadline
        self._context = context or httpx.create_ssl_context(trust_env=False)

    @contextmanager
    def __call__(self, url: str, *, address: str) -> Iterator[Fetched]:
        """Connect to ``address`` with the url's host as Host header and TLS server name, which its certificate proves.

        Raises ``Unreachable`` or ``Unavailable``; the latter while the body is read, too.
        """
        with _translated(), self._client() as client:
            answer = client.send(self._request(client, url, address), stream=True)
            with closing(answer):
                encoding = answer.headers.get("content-encoding", "")
                yield Fetched(status=answer.status_code, encoding=encoding, chunks=answer.iter_raw())

    def _client(self) -> httpx.Client:
        transport = DeadlineTransport(self._context)
        return httpx.Client(transport=transport, timeout=self._timeout, follow_redirects=False, trust_env=False)

    def _request(self, client: httpx.Client, url: str, address: str) -> httpx.Request:
        asked = httpx.URL(url)
        return client.build_request(
            "GET",
            asked.copy_with(host=address),
            headers={"host": asked.netloc.decode("ascii"), "accept-encoding": "identity"},
            extensions={"sni_hostname": asked.host, "deadline": time.monotonic() + self._deadline},
        )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Unreachable(_down("The host cannot be reached")) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(_down(f"The host's answer broke off ({type(error).__name__})")) from error


def _down(text: str) -> Failure:
    return failure(Reason.REFERENCE_UNAVAILABLE, f"{text}.", field="url")
