"""Router from a request's path to its route; e-conomic's own encoding of special characters."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from worker.sandbox.failures import not_found, refused
from worker.sandbox.routes import Route

#: The character's index is its code: ``<`` is ``_0_``, ``+`` is ``_13_`` (e-conomic REST docs, "Special characters").
SPECIAL = "<>*%:&/\\_ ?.#+"
CODE = re.compile(r"_(1[0-3]|[0-9])_")
#: Service and version at the beginning of an OpenAPI service's path.
_VERSIONED = re.compile(r"^(/[a-z]+api)/v[0-9]+(?:\.[0-9]+)*/")

Methods = dict[str, Route]


def decode_parameter(text: str) -> str:
    """Return ``2025/2026`` for ``2025_6_2026``."""
    return CODE.sub(lambda match: SPECIAL[int(match[1])], text)


def encode_parameter(text: str) -> str:
    """Return ``2025_6_2026`` for ``2025/2026``."""
    return "".join(f"_{SPECIAL.index(char)}_" if char in SPECIAL else char for char in text)


class Router:
    """Every route, looked up by path first so that a wrong method differs from a wrong path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._plain: dict[str, Methods] = {}
        self._patterns: dict[str, list[tuple[re.Pattern[str], Methods]]] = {}
        by_path: dict[str, Methods] = {}
        for route in routes:
            by_path.setdefault(route.path, {})[route.method] = route
        self._unversioned = {_VERSIONED.sub(r"\1/", path) for path in by_path if _VERSIONED.match(path)}
        for path, methods in by_path.items():
            self._mount(path, methods)

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """Return the route and the decoded path parameters. A trailing slash changes nothing.

        Raises:
            ApiError: 404 for an unknown path, 405 for a known path with another method.

        """
        methods, params = self._methods(path.rstrip("/"))
        if not methods:
            raise not_found()
        if route := methods.get(method):
            return route, params
        raise refused(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed.", "E00405", f"Allowed: {', '.join(methods)}.")

    def peek(self, method: str, path: str) -> Route | None:
        """Return the route, or None when there is none."""
        return self._methods(path.rstrip("/"))[0].get(method)

    def knows(self, path: str) -> bool:
        """Return whether any method goes with the path, or with it in another version of its service.

        To ask which versions of a service there are is no mistake of a client.
        """
        plain = path.rstrip("/")
        asks_for_version = _VERSIONED.match(plain) and _VERSIONED.sub(r"\1/", plain) in self._unversioned
        return bool(self._methods(plain)[0] or asks_for_version)

    def _methods(self, path: str) -> tuple[Methods, Mapping[str, str]]:
        if methods := self._plain.get(path):
            return methods, {}
        for pattern, methods in self._patterns.get(_first(path), ()):
            if match := pattern.fullmatch(path):
                return methods, {name: decode_parameter(value) for name, value in match.groupdict().items()}
        return {}, {}

    def _mount(self, path: str, methods: Methods) -> None:
        if "{" not in path:
            self._plain[path] = methods
            return
        parts = re.split(r"\{(\w+)\}", path)
        pattern = "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
        self._patterns.setdefault(_first(path), []).append((re.compile(pattern), methods))


def _first(path: str) -> str:
    return path.split("/", 2)[1] if "/" in path else ""
