"""`get`: one HTTP request to this machine's own endpoints, with the standard library alone."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from ...domain.errors import InvalidConfiguration, Problem, ServerUnavailable

MOST_BYTES = 16 * 1024 * 1024


def get(url: str, timeout_seconds: float) -> tuple[int, str]:
    """Status and body; ServerUnavailable where nobody answers in time, InvalidConfiguration where it is no address."""
    host, port, path = _parts(url)
    connection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", path, headers={"User-Agent": "hexjobs", "Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_BYTES).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnavailable(f"{url} does not answer: {str(error) or type(error).__name__}") from None
    finally:
        connection.close()


def _parts(url: str) -> tuple[str, int | None, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = parts = None
    if parts is None or parts.scheme != "http" or not host:
        raise InvalidConfiguration([Problem("url", f"{url!r} must be like http://127.0.0.1:8080")])
    return host, port, parts.path or "/"
