"""`run_demo`: the demonstration from its start to its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Sequence

from ..adapters.cli.logs import configure_logs
from ..adapters.cli.output import print_data
from ..container import Container
from ..domain.errors import JobError
from ..domain.jobs.base import BaseJob
from ..runtime import Duty, Runtime, run
from ..service import AsyncBackgroundJobService
from ..settings import load_settings
from .evidence import Evidence, Unmet
from .http_checks import check_health, check_metrics
from .mail_sink import MailSink
from .picture import draw_picture
from .place import Place, require_extras
from .scenario import Scene, scenario
from .stage import Finding, Stage, print_findings
from .watch import watch
from .webhook_sink import WebhookSink


def run_demo(*, keep_running: bool, as_json: bool, program: str) -> bool:
    """Run it in `.hexjobs/demo` below the working directory; whether every check held."""
    require_extras()
    place = Place()
    place.empty()
    demo = Demo(place, program=program, keep_running=keep_running, as_json=as_json)
    with place.log.open("w", encoding="utf-8") as log:
        configure_logs("debug", "json", log)
        try:
            run(demo.play)
        except asyncio.CancelledError:  # SIGTERM; everything has been stopped in its order
            raise KeyboardInterrupt from None
    return demo.held


class Demo:
    """The servers, the worker, the jobs and the checks, one after the other."""

    def __init__(self, place: Place, *, program: str, keep_running: bool, as_json: bool) -> None:
        self._place = place
        self._program = program
        self._keep_running = keep_running
        self._as_json = as_json
        self._stage = Stage()
        self.held = False

    async def play(self) -> None:
        """Start everything, let the jobs run, check, tell, and stop everything."""
        _cancel_on(signal.SIGTERM)
        place, stage = self._place, self._stage
        draw_picture(place.files / "picture.png")
        place.fill_temporary()
        async with MailSink(place.mail) as mail, WebhookSink(place.webhooks) as webhooks:
            place.write_config(mail.port)
            container = Container(settings=load_settings(place.config, environ={}))
            server = await asyncio.to_thread(container.embedded_server().info)
            stage.say(f"Valkey runs as process {server['server_pid']} on {place.data}")
            stage.say(f"a mail server listens on 127.0.0.1:{mail.port}, a webhook receiver on {webhooks.url}")
            runtime = Runtime(container, Duty.RUN)
            async with runtime.lifecycle:
                assert runtime.http is not None
                url = runtime.http.url
                slots = container.pool().statistics().slots
                stage.say(f"worker ({slots} slots), scheduler and HTTP ({url}) are up")
                evidence = Evidence(place, mail, webhooks, url)
                findings = await self._scenes(AsyncBackgroundJobService(container), evidence)
                self._tell(findings, url)
                if self._keep_running:
                    await self._keep(url)

    async def _scenes(self, service: AsyncBackgroundJobService, evidence: Evidence) -> list[Finding]:
        scenes = scenario(evidence.webhooks.url)
        ids = {scene.title: await _submit(service, scene) for scene in scenes}
        self._stage.say(f"{sum(map(len, ids.values()))} jobs are submitted")
        jobs = await watch(service, ids, self._stage)
        findings = [_look(scene, evidence, [jobs[each] for each in ids[scene.title]]) for scene in scenes]
        findings.append(await _ask("health endpoints", check_health(evidence)))
        findings.append(await _ask("metrics", check_metrics(evidence)))
        return findings

    def _tell(self, findings: Sequence[Finding], url: str) -> None:
        self.held = all(finding.held for finding in findings)
        if self._as_json:
            urls = {"health": f"{url}/health/ready", "metrics": f"{url}/metrics"}
            print_findings(findings, self._place, self._stage.seconds, urls)
        else:
            self._stage.summarise(findings, self._place, self._program)

    async def _keep(self, url: str) -> None:
        """Return at Ctrl-C or SIGTERM."""
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        if not self._as_json:
            print_data(f"\nOpen until Ctrl-C:\n  {url}/health/ready\n  {url}/health/workers\n  {url}/metrics")
        await stop.wait()


async def _submit(service: AsyncBackgroundJobService, scene: Scene) -> list[str]:
    answers = await service.submit_jobs(scene.requests, atomic=True)
    for answer in answers:
        if isinstance(answer, JobError):
            raise answer
    return [str(answer) for answer in answers]


def _look(scene: Scene, evidence: Evidence, jobs: list[BaseJob]) -> Finding:
    try:
        return Finding(scene.title, True, scene.check(evidence, jobs))
    except Unmet as error:
        return Finding(scene.title, False, str(error))
    except Exception as error:  # noqa: BLE001  # a check that breaks has not held, and keeps no other from its turn
        return Finding(scene.title, False, f"the check broke: {type(error).__name__}: {error}")


async def _ask(title: str, check: Awaitable[str]) -> Finding:
    try:
        return Finding(title, True, await check)
    except Unmet as error:
        return Finding(title, False, str(error))


def _cancel_on(number: signal.Signals) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(number, task.cancel)
