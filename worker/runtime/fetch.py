"""The one GET that the intake makes: to an address that was checked, under the name that was allowed."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from worker.errors import Failure, Unavailable, Unreachable
from worker.intake.web import Fetched
from worker.invoicing.reasons import Reason, failure


class HttpFetch:
    """See ``worker.intake.web.Fetch``: no redirects, no cookies, no proxy from the environment."""

    def __init__(self, *, timeout: float) -> None:
        """``timeout`` is seconds without a byte."""
        self._client = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False)

    @contextmanager
    def __call__(self, url: str, *, address: str) -> Iterator[Fetched]:
        """Connect to ``address`` with the url's host as Host header and TLS server name, which its certificate proves.

        Raises ``Unreachable`` or ``Unavailable``; the latter while the body is read, too.
        """
        asked = httpx.URL(url)
        request = self._client.build_request(
            "GET",
            asked.copy_with(host=address),
            headers={"host": asked.netloc.decode("ascii"), "accept-encoding": "identity"},
            extensions={"sni_hostname": asked.host},
        )
        with _translated():
            answer = self._client.send(request, stream=True)
            try:
                encoding = answer.headers.get("content-encoding", "")
                yield Fetched(status=answer.status_code, encoding=encoding, chunks=answer.iter_raw())
            finally:
                answer.close()
                self._client.cookies.clear()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Unreachable(_down("The host cannot be reached")) from error
    except httpx.HTTPError as error:
        raise Unavailable(_down(f"The host's answer broke off ({type(error).__name__})")) from error


def _down(text: str) -> Failure:
    return failure(Reason.REFERENCE_UNAVAILABLE, f"{text}.", field="url")
