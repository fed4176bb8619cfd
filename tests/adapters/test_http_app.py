"""The application answers health and metrics, hides what it must, and never falls over a check."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from hexjobs.adapters.http.create_app import HEALTH_GROUPS, create_app
from hexjobs.adapters.http.loopback import is_loopback
from hexjobs.adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from hexjobs.ports.health_check import Health
from support.http_service import serving
from support.run import run

WELL = Health(details={"slots": 5, "oldest": None})
ILL = Health(("no progress for 61 s", "slot 3 hangs"), {"slots": 5})


class Check:
    """A check that answers what it is told, or does what it is told."""

    def __init__(self, name: str, answer: Health | Callable[[], Awaitable[Health]] = WELL) -> None:
        self.name = name
        self._answer = answer

    async def check(self) -> Health:
        return self._answer if isinstance(self._answer, Health) else await self._answer()


async def raises() -> Health:
    raise RuntimeError("redis://:secret@10.0.0.1 refused")


async def hangs() -> Health:
    await asyncio.Event().wait()
    raise AssertionError


def ask(app: Any, *requests: tuple[str, str]) -> list[httpx.Response]:
    """The answers over real HTTP."""

    async def session() -> list[httpx.Response]:
        async with serving(app) as client:
            return [await client.request(method, path) for method, path in requests]

    return run(session())


def get(app: Any, path: str) -> httpx.Response:
    """The answer without a server in between."""

    async def session() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hexjobs") as client:
            return await client.get(path)

    return run(session())


def test_a_group_whose_checks_are_well_answers_200_with_their_details() -> None:
    answer = get(create_app(checks={"jobs": [Check("server"), Check("worker")]}), "/health/jobs")
    assert answer.status_code == 200
    part = {"status": "ok", "reasons": [], "details": {"slots": 5, "oldest": None}}
    assert answer.json() == {"status": "ok", "reasons": [], "checks": {"server": part, "worker": part}}


def test_one_ill_check_makes_its_group_503_and_no_other() -> None:
    app = create_app(checks={"workers": [Check("server"), Check("worker", ILL)], "queues": [Check("server")]})
    workers, queues = get(app, "/health/workers"), get(app, "/health/queues")
    assert workers.status_code == 503
    assert workers.json()["status"] == "error"
    assert workers.json()["reasons"] == ["worker: no progress for 61 s", "worker: slot 3 hangs"]
    assert workers.json()["checks"]["server"]["status"] == "ok"
    assert workers.json()["checks"]["worker"] == {
        "status": "error",
        "reasons": list(ILL.reasons),
        "details": {"slots": 5},
    }
    assert queues.status_code == 200


def test_a_group_that_is_degraded_tells_why_and_answers_200() -> None:
    degraded = Health(("due and not fired: nightly",), is_degraded=True)
    answer = get(create_app(checks={"jobs": [Check("server"), Check("schedules", degraded)]}), "/health/jobs")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["reasons"]) == (
        "degraded",
        ["schedules: due and not fired: nightly"],
    )
    assert answer.json()["checks"]["schedules"]["status"] == "degraded"
    both = create_app(checks={"jobs": [Check("worker", ILL), Check("schedules", degraded)]})
    answer = get(both, "/health/jobs")
    assert (answer.status_code, answer.json()["status"]) == (503, "error")


def test_a_check_that_raises_is_ill_and_its_text_goes_to_the_log_only() -> None:
    app = create_app(checks={"ready": [Check("server", raises), Check("worker")]})
    with capture_logs() as log:
        answer = get(app, "/health/ready")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["server: the check itself failed: RuntimeError"]
    assert "secret" not in answer.text
    assert [line["check"] for line in log if line["event"] == "health_check_failed"] == ["server"]


def test_checks_run_at_the_same_time() -> None:
    async def session() -> httpx.Response:
        begun = [asyncio.Event(), asyncio.Event()]

        async def meet(own: int) -> Health:
            begun[own].set()
            await begun[1 - own].wait()
            return WELL

        checks = [Check("first", lambda: meet(0)), Check("second", lambda: meet(1))]
        async with serving(
            create_app(checks={"ready": checks}, check_timeout=timedelta(seconds=20))
        ) as client:
            return await client.get("/health/ready")

    assert run(session()).status_code == 200


def test_a_check_that_hangs_is_ill_in_time() -> None:
    checks = {"ready": [Check("server", hangs), Check("worker")]}
    answer = get(create_app(checks=checks, check_timeout=timedelta(seconds=0.05)), "/health/ready")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["server: no answer within 0.05 s"]


def test_live_is_always_there_and_a_group_without_checks_is_not() -> None:
    live, ready = get(create_app(checks={}), "/health/live"), get(create_app(checks={}), "/health/ready")
    assert (live.status_code, live.json()) == (200, {"status": "ok", "reasons": [], "checks": {}})
    assert ready.status_code == 404


def test_live_turns_red_by_its_own_checks() -> None:
    assert get(create_app(checks={"live": [Check("worker", ILL)]}), "/health/live").status_code == 503


def test_what_does_not_exist_is_404() -> None:
    app = create_app(checks={})
    paths = ["/", "/docs", "/redoc", "/api/v1/jobs", "/metrics", "/health", "/health/live/"]
    assert [get(app, path).status_code for path in paths] == [404] * len(paths)


def test_openapi_describes_the_routes() -> None:
    app = create_app(checks={group: [] for group in HEALTH_GROUPS}, metrics=PrometheusJobMetrics())
    answer = get(app, "/api/v1/openapi.json")
    paths = answer.json()["paths"]
    assert set(paths) == {"/metrics", *(f"/health/{group}" for group in HEALTH_GROUPS)}
    assert all(list(methods) == ["get"] for methods in paths.values())
    answers = paths["/health/ready"]["get"]["responses"]
    assert set(answers) == {"200", "503"}
    for described in answers.values():
        reference = described["content"]["application/json"]["schema"]["$ref"]
        assert reference.endswith("/HealthReport")


def test_head_is_answered_as_get_without_a_body() -> None:
    app = create_app(checks={"ready": [Check("worker", ILL)]}, metrics=PrometheusJobMetrics())
    answers = ask(app, ("HEAD", "/health/live"), ("HEAD", "/health/ready"), ("HEAD", "/metrics"))
    assert [(answer.status_code, answer.content) for answer in answers] == [
        (200, b""),
        (503, b""),
        (200, b""),
    ]


def test_metrics_speak_the_format_that_is_asked_for() -> None:
    app = create_app(checks={}, metrics=PrometheusJobMetrics())

    async def session() -> list[httpx.Response]:
        async with serving(app) as client:
            accepts = ("*/*", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
            return [await client.get("/metrics", headers={"accept": accept}) for accept in accepts]

    text, openmetrics = run(session())
    assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert openmetrics.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert openmetrics.text.endswith("# EOF\n")


def test_a_large_scrape_does_not_hold_up_the_event_loop() -> None:
    begun, go = threading.Event(), threading.Event()

    class Slow:
        def render(self, accept: str = "") -> tuple[bytes, str]:
            begun.set()
            return (b"done" if go.wait(10) else b"late"), "text/plain"

    async def session() -> None:
        async with serving(create_app(checks={}, metrics=Slow())) as client:
            scrape = asyncio.create_task(client.get("/metrics"))
            await asyncio.to_thread(begun.wait, 10)
            assert (await client.get("/health/live")).status_code == 200
            assert not scrape.done()
            go.set()
            assert (await scrape).content == b"done"

    run(session())


class Broken:
    """Metrics that cannot be written out."""

    def render(self, accept: str = "") -> tuple[bytes, str]:
        raise RuntimeError("redis://:secret@10.0.0.1 refused")


def test_an_error_of_ours_is_500_and_tells_nothing() -> None:
    answer = get(create_app(checks={}, metrics=Broken()), "/metrics")
    assert answer.status_code == 500
    assert answer.json() == {"status": "error", "reasons": ["internal error; see the log of this process"]}


def test_every_answer_has_the_security_headers() -> None:
    app = create_app(checks={"ready": [Check("worker", ILL)], "jobs": []}, metrics=Broken())
    shut = create_app(checks={"jobs": []}, restricted=True)
    ways = [
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/no"),
        ("POST", "/health/live"),
        ("GET", "/metrics"),
    ]
    answers = ask(app, *ways) + ask(shut, ("GET", "/health/jobs"))
    assert [answer.status_code for answer in answers] == [200, 503, 404, 405, 500, 403]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers


def test_a_restricted_server_answers_live_ready_and_metrics_only_and_tells_no_reasons() -> None:
    checks = {"ready": [Check("server"), Check("worker", ILL)], "jobs": [Check("server")]}
    app = create_app(checks=checks, metrics=PrometheusJobMetrics(), restricted=True)
    closed = ["/health/jobs", "/health/workers", "/api/v1/openapi.json", "/", "/no"]
    opened = ["/health/live", "/health/ready", "/metrics", "/metrics?x=1"]
    answers = ask(app, *(("GET", path) for path in opened + closed))
    assert [answer.status_code for answer in answers] == [200, 503, 200, 200] + [403] * len(closed)
    assert answers[1].json()["checks"] == {
        "server": {"status": "ok", "reasons": []},
        "worker": {"status": "error", "reasons": ["not well; the log of the process tells why"]},
    }
    assert not any(reason in answers[1].text for reason in ILL.reasons)
    assert "http.host" in answers[-1].json()["reasons"][0]
    assert answers[-1].json()["status"] == "error"
    (head,) = ask(app, ("HEAD", "/health/jobs"))
    assert (head.status_code, head.content) == (403, b"")


def test_a_restricted_server_goes_by_the_exact_path_as_it_was_sent() -> None:
    paths = [
        "/metrics/",
        "/metrics;x",
        "/Health/live",
        "//health/live",
        "/health/live/../jobs",
        "/health/live%2f..%2fjobs",
    ]

    async def status(host: str, port: int, path: str) -> bytes:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer.split(b"\r\n", 1)[0]

    async def session() -> list[bytes]:
        async with serving(create_app(checks={"jobs": []}, restricted=True)) as client:
            host, port = client.base_url.host, client.base_url.port or 0
            return [await status(host, port, path) for path in [*paths, "/health/live"]]

    assert run(session()) == [b"HTTP/1.1 403 Forbidden"] * len(paths) + [b"HTTP/1.1 200 OK"]


def test_mistakes_in_the_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="'reddy' is not a group"):
        create_app(checks={"reddy": []})
    with pytest.raises(ValueError, match="one name"):
        create_app(checks={"ready": [Check("server"), Check("server", ILL)]})


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.0.1", "::1", "[::1]", "::ffff:127.0.0.1"]
)
def test_loopback_addresses(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "::ffff:10.0.0.1",
        "example.com",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "127.1",
    ],
)
def test_other_addresses(host: str) -> None:
    assert not is_loopback(host)
