"""HttpWebhooks against a real HTTP receiver on loopback, and the addresses it must not go to."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from hexjobs.adapters.handlers.notification import NotificationHandler
from hexjobs.adapters.notify.http_webhooks import HttpWebhooks
from hexjobs.domain.errors import InvalidConfiguration, PermanentError, RetryLater
from hexjobs.domain.job_type import JobType
from support.certificates import AUTHORITY, server_context
from support.handler_context import handler_context
from support.run import run
from support.webhook_receiver import WebhookReceiver

OPEN: dict[str, Any] = {"allow_http": True, "allow_private": True}
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Names:
    """A resolver that answers the given addresses, one list after the other, and counts."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def post(receiver: WebhookReceiver, url: str | None = None, **options: Any) -> int:
    """Call the receiver once; `{port}` in `url` is its port."""

    async def scene() -> int:
        async with receiver:
            address = receiver.url if url is None else url.replace("{port}", str(receiver.port))
            webhooks = HttpWebhooks(**OPEN | options)
            return await webhooks.post_webhook(address, "order.paid", {"order": 7}, "hexjobs:job-1")

    return run(scene())


def test_the_event_arrives_as_json_with_its_headers() -> None:
    receiver = WebhookReceiver(202)
    assert post(receiver) == 202
    [request] = receiver.received
    assert (request.method, request.path) == ("POST", "/hook/s3cret?x=1")
    assert request.json() == {"id": "hexjobs:job-1", "event": "order.paid", "body": {"order": 7}}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-hexjobs-event"] == "order.paid"
    assert request.headers["idempotency-key"] == "hexjobs:job-1"
    assert request.headers["host"].startswith("127.0.0.1:")


def test_a_job_calls_the_webhook() -> None:
    async def scene() -> None:
        async with WebhookReceiver() as receiver:
            job_type = JobType("notification", NotificationHandler.payload_model)
            model = job_type.decode(
                job_type.encode({"url": receiver.url, "event": "e", "body": {"n": 1}}).raw
            )
            handler = NotificationHandler(HttpWebhooks(**OPEN))
            assert await handler.execute(handler_context("notification"), model) == {"status": 200}
            assert receiver.received[0].json()["body"] == {"n": 1}

    run(scene())


def test_http_is_refused_by_default() -> None:
    receiver = WebhookReceiver()
    with pytest.raises(PermanentError, match="https://"):
        post(receiver, allow_http=False)
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://localhost.:{port}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "http://0.0.0.0:{port}/",
        "http://[::1]:{port}/",
        "http://[::]:{port}/",
        "http://①②⑦.⓪.⓪.①:{port}/",
        "http://127。0。0。1:{port}/",
    ],
)
def test_every_way_to_write_loopback_is_refused_by_default(url: str) -> None:
    receiver = WebhookReceiver()
    with pytest.raises((PermanentError, ConnectionError)) as refused:
        post(receiver, url, allow_private=False)
    assert receiver.connections == 0
    if not isinstance(refused.value, PermanentError):
        assert "cannot be resolved" in str(refused.value)


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["169.254.169.254"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["::1"]],
)
def test_a_name_with_a_single_inner_address_is_refused(addresses: list[str]) -> None:
    webhooks = HttpWebhooks(resolve=Names(addresses))
    with pytest.raises(PermanentError, match="not allowed"):
        run(webhooks.post_webhook("https://evil.example.test/", "e", {}, "k"))


def test_the_metadata_of_a_cloud_is_refused_even_where_private_addresses_are_allowed() -> None:
    with pytest.raises(PermanentError, match="special address"):
        run(HttpWebhooks(**OPEN).post_webhook("http://169.254.169.254/latest/meta-data/", "e", {}, "k"))


def test_the_connection_goes_to_the_address_that_was_checked_and_the_name_is_asked_once() -> None:
    receiver, names = WebhookReceiver(), Names(["127.0.0.1"], ["203.0.113.1"])
    assert post(receiver, "http://hooks.example.test:{port}/x", resolve=names) == 200
    assert names.asked == ["hooks.example.test"]
    assert receiver.received[0].headers["host"] == f"hooks.example.test:{receiver_port(receiver)}"


def receiver_port(receiver: WebhookReceiver) -> str:
    """The port in the Host header that arrived."""
    return receiver.received[0].headers["host"].rpartition(":")[2]


def test_a_dead_address_is_followed_by_the_next() -> None:
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.2", 0))
        receiver = WebhookReceiver()
        assert (
            post(receiver, "http://hooks.example.test:{port}/", resolve=Names(["127.0.0.2", "127.0.0.1"]))
            == 200
        )
    assert receiver.connections == 1


def test_https_checks_the_certificate_against_the_name_and_not_the_address() -> None:
    receiver = WebhookReceiver(tls=server_context())
    url, names = "https://hooks.example.test:{port}/", Names(["127.0.0.1"])
    assert post(receiver, url, allow_http=False, ca_file=AUTHORITY, resolve=names) == 200
    assert receiver.server_names == ["hooks.example.test"]

    with pytest.raises(ConnectionError, match=r"(?i)certificate"):
        post(
            WebhookReceiver(tls=server_context()),
            "https://other.example.test:{port}/",
            ca_file=AUTHORITY,
            resolve=Names(["127.0.0.1"]),
        )
    with pytest.raises(ConnectionError, match=r"(?i)certificate"):
        post(WebhookReceiver(tls=server_context()), url, resolve=names)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    async def scene() -> None:
        async with WebhookReceiver() as inner, WebhookReceiver(status, {"Location": inner.url}) as outer:
            with pytest.raises(ConnectionError, match="redirects are not followed"):
                await HttpWebhooks(**OPEN).post_webhook(outer.url, "e", {}, "k")
            assert inner.connections == 0

    run(scene())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_an_answer_that_says_no_is_permanent(status: int) -> None:
    with pytest.raises(PermanentError, match=f"answered {status}"):
        post(WebhookReceiver(status, {"Retry-After": "5"}))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_an_answer_that_may_change_is_tried_again(status: int) -> None:
    with pytest.raises(ConnectionError, match=f"answered {status}"):
        post(WebhookReceiver(status))


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [(429, "7", 7), (503, "0", 1), (503, "86400", 3600), (429, "Sun, 01 Mar 2026 12:02:00 GMT", 120)],
)
def test_an_answer_that_says_when_is_obeyed(status: int, header: str, seconds: float) -> None:
    with pytest.raises(RetryLater) as later:
        post(WebhookReceiver(status, {"Retry-After": header}), now=lambda: NOW)
    assert later.value.delay.total_seconds() == seconds


@pytest.mark.parametrize(("status", "headers"), [(429, {"Retry-After": "soon"}), (500, {"Retry-After": "5"})])
def test_where_it_does_not_say_when_the_job_is_simply_tried_again(
    status: int, headers: Mapping[str, str]
) -> None:
    with pytest.raises(ConnectionError):
        post(WebhookReceiver(status, headers))


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"])
def test_a_proxy_of_the_environment_is_not_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(WebhookReceiver()) == 200


def test_a_silent_server_is_left_in_time() -> None:
    with pytest.raises(ConnectionError, match=r"did not answer in 0\.2 seconds|ReadTimeout"):
        post(WebhookReceiver(silent=True), timeout_seconds=0.2)


def test_an_endless_answer_is_read_up_to_the_limit_only() -> None:
    receiver = WebhookReceiver(endless=True)
    assert post(receiver, max_response_bytes=1000) == 200
    assert receiver.bytes_taken < 16 * 1024 * 1024


def test_a_server_that_is_away_and_a_name_that_is_unknown_are_tried_again() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(ConnectionError, match="cannot be resolved"):
        run(HttpWebhooks(resolve=unknown).post_webhook("https://none.example.test", "e", {}, "k"))

    async def scene() -> None:
        async with WebhookReceiver() as receiver:
            url = receiver.url
        with pytest.raises(ConnectionError, match="was not reached") as refused:
            await HttpWebhooks(**OPEN).post_webhook(url, "e", {}, "k")
        assert "s3cret" not in str(refused.value)

    run(scene())


def test_a_server_that_hangs_up_is_tried_again() -> None:
    async def scene() -> None:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            with pytest.raises(ConnectionError, match="was not reached"):
                await HttpWebhooks(**OPEN).post_webhook(url, "e", {}, "k")

    run(scene())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://user:password@example.com/",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://[fe80::1%25lo]/",
        "https://example.com%00.evil.test/",
        "https://exa mple.com/",
        "https://a..b/",
        "https://" + "a" * 70 + ".com/",
        "example.com",
    ],
)
def test_an_address_that_is_none_is_permanent(url: str) -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        host.encode("idna")
        raise AssertionError("it was resolved")

    with pytest.raises(PermanentError) as refused:
        run(HttpWebhooks(resolve=never).post_webhook(url, "e", {}, "k"))
    assert "password" not in str(refused.value).replace("user name or password", "")


def test_only_allowed_hosts_and_ports_are_called() -> None:
    names = Names(["127.0.0.1"])
    receiver = WebhookReceiver()
    options: dict[str, Any] = {"allowed_hosts": ["Hooks.Example.test"], "resolve": names}
    assert post(receiver, "http://hooks.EXAMPLE.test.:{port}/", **options) == 200
    for url in (
        "http://example.test:{port}/",
        "http://a.hooks.example.test:{port}/",
        "http://127.0.0.1:{port}/",
    ):
        with pytest.raises(PermanentError, match="not allowed"):
            post(receiver, url, **options)
    with pytest.raises(PermanentError, match="port"):
        post(receiver, allowed_ports=[443])
    assert receiver.connections == 1


@pytest.mark.parametrize(
    ("event", "key"), [("a\r\nX-Evil: 1", "k"), ("e", "k\nX-Evil: 1"), ("é", "k"), ("e", "k\x00")]
)
def test_headers_cannot_be_forged(event: str, key: str) -> None:
    with pytest.raises(PermanentError, match="printable ASCII"):
        run(HttpWebhooks(**OPEN).post_webhook("http://127.0.0.1:1/", event, {}, key))


def test_a_missing_extra_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(InvalidConfiguration, match=r"pip install 'hexjobs\[notify\]'"):
        run(HttpWebhooks().post_webhook("https://example.com/", "e", {}, "k"))


def test_the_address_and_its_secrets_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        post(WebhookReceiver())
    assert "s3cret" not in caplog.text


def test_a_connection_is_not_shared_between_hosts_behind_one_address() -> None:
    async def scene() -> None:
        async with WebhookReceiver(tls=server_context()) as receiver:
            webhooks = HttpWebhooks(allow_private=True, ca_file=AUTHORITY, resolve=Names(["127.0.0.1"]))
            for host in ("hooks.example.test", "localhost"):
                await webhooks.post_webhook(f"https://{host}:{receiver.port}/", "e", {}, "k")
            assert receiver.server_names == ["hooks.example.test", "localhost"]
            assert receiver.connections == 2

    run(scene())
