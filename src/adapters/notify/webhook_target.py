"""WebhookTarget: where a webhook goes, read from its address once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...domain.errors import PermanentError

if TYPE_CHECKING:
    from httpx import URL

_DEFAULT_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_.-]{0,252})|[0-9a-f:.]{2,45})\Z")


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """The parsed address: `host` is lower-case ASCII, without brackets and without a final dot."""

    url: URL
    host: str
    port: int

    @classmethod
    def of(cls, url: str, *, allow_http: bool) -> WebhookTarget:
        """Parse; PermanentError where it is no https address (or http where allowed), or carries credentials."""
        from httpx import URL, InvalidURL

        try:
            parsed = URL(url)
        except InvalidURL as error:
            raise PermanentError(f"the webhook's address cannot be read: {error}") from None
        if parsed.scheme == "http" and not allow_http:
            raise PermanentError("the webhook's address must begin with https://; http is not allowed here")
        if parsed.scheme not in _DEFAULT_PORTS or not parsed.host:
            raise PermanentError("the webhook's address must be like https://example.com/path")
        if parsed.userinfo:
            raise PermanentError("the webhook's address must not carry a user name or password")
        host = parsed.raw_host.decode("ascii").lower().rstrip(".")
        port = _DEFAULT_PORTS[parsed.scheme] if parsed.port is None else parsed.port
        if not _HOST.match(host) or not 1 <= port <= 65_535:
            raise PermanentError("the webhook's address has no host or port that can exist")
        return cls(parsed, host, port)

    @property
    def host_header(self) -> str:
        """The Host header: as in the address, whatever IP address is connected to."""
        return self.url.netloc.decode("ascii")

    def at(self, address: str) -> URL:
        """The same address with the host replaced by an IP address that was checked."""
        return self.url.copy_with(host=address.partition("%")[0], fragment=None)
