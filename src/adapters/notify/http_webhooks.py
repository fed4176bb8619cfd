"""HttpWebhooks: calls webhooks by HTTPS, and never an address inside the network unless it is told to."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from socket import SOCK_STREAM
from typing import TYPE_CHECKING, Any

from ...domain.errors import InvalidConfiguration, PermanentError, Problem, RetryLater
from .network_address import address_problem
from .retry_after import retry_after_seconds
from .webhook_target import WebhookTarget

if TYPE_CHECKING:
    from httpx import Request, Response

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_TRY_AGAIN = frozenset({408, 425, 429})
_SAYS_WHEN = frozenset({429, 503})
_DRAIN_SECONDS = 1.0


class HttpWebhooks:
    """A NotificationService.

    The host is resolved once, every address is checked, and the connection goes to a checked address: a name that
    changes its address in between gains nothing. Redirects are not followed and proxies of the environment not used.
    `allowed_hosts` and `allowed_ports`, where they are not empty, are the only ones. `timeout_seconds` bounds
    the way to the answer's status. Its body is not used; at most `max_response_bytes` of it are read, so that the server can end well.
    `ca_file` (PEM) adds authorities to those of the machine. `resolve` and `now` are for tests.
    """

    def __init__(
        self,
        *,
        allow_http: bool = False,
        allow_private: bool = False,
        allowed_hosts: Collection[str] = (),
        allowed_ports: Collection[int] = (),
        timeout_seconds: float = 10.0,
        max_response_bytes: int = 64 * 1024,
        ca_file: str | None = None,
        resolve: Resolve | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._allow_http = allow_http
        self._allow_private = allow_private
        self._allowed_hosts = frozenset(host.lower().rstrip(".") for host in allowed_hosts)
        self._allowed_ports = frozenset(allowed_ports)
        self._timeout = timeout_seconds
        self._max_response_bytes = max_response_bytes
        self._ca_file = ca_file
        self._resolve = resolve or _resolve
        self._now = now
        self._tls: ssl.SSLContext | None = None

    async def post_webhook(self, url: str, event: str, body: dict[str, Any], key: str) -> int:
        """As the port says. The JSON is `{"id": key, "event": event, "body": body}`, the same bytes in every try."""
        _require_httpx()
        for text in (event, key):
            if not (text.isascii() and text.isprintable()):
                raise PermanentError("the event and the key travel in headers: printable ASCII only")
        target = WebhookTarget.of(url, allow_http=self._allow_http)
        self._check_target(target)
        content = json.dumps({"id": key, "event": event, "body": body}, separators=(",", ":")).encode()
        headers = {
            "Host": target.host_header,
            "Content-Type": "application/json",
            "User-Agent": "hexjobs",
            "X-Hexjobs-Event": event,
            "Idempotency-Key": key,
        }
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await self._checked_addresses(target)
            status, retry_after = await self._post(target, addresses, headers, content, deadline)
        except TimeoutError:
            raise ConnectionError(f"{target.host} did not answer in {self._timeout:g} seconds") from None
        return self._judge(target, status, retry_after)

    def _check_target(self, target: WebhookTarget) -> None:
        if self._allowed_hosts and target.host not in self._allowed_hosts:
            raise PermanentError(f"webhooks to {target.host} are not allowed")
        if self._allowed_ports and target.port not in self._allowed_ports:
            raise PermanentError(f"webhooks to port {target.port} are not allowed")

    async def _checked_addresses(self, target: WebhookTarget) -> Sequence[str]:
        """Every address of the host; PermanentError where a single one is not allowed."""
        try:
            addresses = await self._resolve(target.host, target.port)
        except OSError as error:
            raise ConnectionError(f"{target.host} cannot be resolved: {error}") from None
        except UnicodeError:
            raise PermanentError(f"{target.host} is no name of a host") from None
        for address in addresses:
            problem = address_problem(address, allow_private=self._allow_private)
            if problem is not None:
                raise PermanentError(f"webhooks to {target.host} are not allowed: {address} {problem}")
        if not addresses:
            raise ConnectionError(f"{target.host} has no address")
        return addresses

    async def _post(
        self,
        target: WebhookTarget,
        addresses: Sequence[str],
        headers: dict[str, str],
        content: bytes,
        deadline: float,
    ) -> tuple[int, str | None]:
        """Status and Retry-After of the first address that takes the connection."""
        from httpx import ConnectError, ConnectTimeout, HTTPError, Request

        phases = {"read": self._timeout, "write": self._timeout, "pool": self._timeout}
        phases["connect"] = self._timeout / len(addresses)  # so that a dead address leaves time for the next
        failure: HTTPError | None = None
        for address in addresses:
            extensions: dict[str, Any] = {"timeout": phases}
            if address != target.host:
                extensions["sni_hostname"] = target.host
            request = Request(
                "POST", target.at(address), headers=headers, content=content, extensions=extensions
            )
            try:
                return await self._exchange(request, deadline)
            except (ConnectError, ConnectTimeout) as error:  # nothing was sent: the next address may be tried
                failure = error
            except HTTPError as error:
                failure = error
                break
        raise ConnectionError(f"{target.host} was not reached: {type(failure).__name__}: {failure}")

    async def _exchange(self, request: Request, deadline: float) -> tuple[int, str | None]:
        # The transport alone: the client above it logs whole addresses, which hold secrets, and follows the
        # environment. A new one for each call: kept connections would be shared by hosts behind one IP address.
        from httpx import AsyncHTTPTransport

        if self._tls is None:
            self._tls = await asyncio.to_thread(self._make_tls)
        async with AsyncHTTPTransport(verify=self._tls, trust_env=False) as transport:
            async with asyncio.timeout_at(deadline):
                response = await transport.handle_async_request(request)
            try:
                await self._drain(response)
            finally:
                await response.aclose()
            return response.status_code, response.headers.get("Retry-After")

    async def _drain(self, response: Response) -> None:
        from httpx import HTTPError

        read = 0
        with suppress(HTTPError, TimeoutError):  # the status has come; what follows it changes nothing
            async with asyncio.timeout(_DRAIN_SECONDS):
                async for chunk in response.aiter_raw():
                    read += len(chunk)
                    if read >= self._max_response_bytes:
                        return

    def _make_tls(self) -> ssl.SSLContext:
        from httpx import create_ssl_context

        context = create_ssl_context(trust_env=False)
        if self._ca_file is not None:
            context.load_verify_locations(cafile=self._ca_file)
        return context

    def _judge(self, target: WebhookTarget, status: int, retry_after: str | None) -> int:
        if 200 <= status < 300:
            return status
        message = f"{target.host} answered {status}"
        if status in _SAYS_WHEN:
            delay = retry_after_seconds(retry_after, self._now())
            if delay is not None:
                raise RetryLater(delay, f"{message} and asks for {delay:g} seconds")
        if 400 <= status < 500 and status not in _TRY_AGAIN:
            raise PermanentError(message)
        if 300 <= status < 400:
            message += "; redirects are not followed, give the final address"
        raise ConnectionError(message)


def _require_httpx() -> None:
    try:
        import httpx  # noqa: F401  # only asked for here, used below
    except ImportError:
        message = "webhooks need httpx: pip install 'hexjobs[notify]'"
        raise InvalidConfiguration([Problem("notify", message)]) from None


async def _resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
