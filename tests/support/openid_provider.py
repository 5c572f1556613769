"""A small OpenID Connect provider of our own, over real HTTP, with RS256 keys: it signs whatever a test wants said."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "page", "secret of the page"


class Provider:
    """Provider, its person, and what is wrong with it; every fault is an attribute that a test sets."""

    def __init__(self) -> None:
        self.clock: Callable[[], float] = time.time
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        #: What is published; the same as what signs, unless a test says otherwise.
        self.published = [self.key]
        self.person: dict[str, Any] = {"sub": "s-1", "email": "birthe@example.dk", "groups": ["Finance"]}
        #: Claims that differ from what they ought to be, times counted from now; None: left out.
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.userinfo: Mapping[str, Any] | None = None
        #: Signs instead of the key.
        self.sign: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
        #: Code -> the request that it was given for; codes are used once.
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/authorize?"):
                    self.send_response(302)
                    self.send_header("location", provider.way_back(self.path))
                    self.send_header("content-length", "0")
                    self.end_headers()
                    return
                _send(self, *provider.get(self.path, dict(self.headers)))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                _send(self, *provider.token(dict(parse_qsl(body)), self.headers.get("authorization", "")))

            def log_message(self, *_: object) -> None:  # quiet
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def get(self, path: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        self.asked.append(urlsplit(path).path)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            } | self.metadata
        if path == "/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in self.published]}
        if path == "/userinfo" and self.userinfo is not None and "access" in headers.get("authorization", ""):
            return 200, self.userinfo
        return 404, {}

    def authorize(self, url: str) -> str:
        """Let the person agree; return the way back within the page."""
        back = urlsplit(self.way_back(url))
        return f"{back.path}?{back.query}"

    def way_back(self, url: str) -> str:
        """Return where the browser is sent once the person has agreed, which they do at once."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: Mapping[str, str], authorization: str) -> tuple[int, Any]:
        """Exchange a code, for who shows the secret and the verifier of the very request."""
        asked = self.codes.pop(form.get("code", ""), None)
        client = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":", 1)
        if [unquote(part) for part in client] != [CLIENT, SECRET] or asked is None:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(self.clock())
        claims = {"iss": self.url, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": asked["nonce"], **self.person}
        claims |= {
            name: now + value if name in {"exp", "iat"} and value else value for name, value in self.claims.items()
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": "one"} | self.header
        signed = self.sign(header, claims) if self.sign else jwt.encode(header, claims, self.key)
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": signed}


def unsigned(_: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return claims that nobody has signed."""
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def _part(data: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def _send(handler: BaseHTTPRequestHandler, status: int, data: Any) -> None:
    body = json.dumps(data).encode()
    handler.send_response(status)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
