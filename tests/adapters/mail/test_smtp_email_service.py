"""SmtpEmailService against a real SMTP server on loopback."""

from __future__ import annotations

import asyncio
import ssl
import sys
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from hexjobs.adapters.mail.smtp_email_service import SmtpEmailService
from hexjobs.domain.errors import InvalidConfiguration, PermanentError
from hexjobs.ports.services import MailMessage, MailReport
from support.certificates import AUTHORITY, server_context
from support.run import run
from support.smtp_sink import SmtpSink

SENDER = "Hexjobs Test <jobs@example.com>"


def service(port: int, **options: Any) -> SmtpEmailService:
    known: dict[str, Any] = {"host": "127.0.0.1", "port": port, "sender": SENDER, "tls": "none"}
    return SmtpEmailService(**known | options)


def message(to: str = "ann@example.com", **fields: Any) -> MailMessage:
    return MailMessage(
        **{"to": to, "subject": "Hello", "text": "plain", "message_key": f"hexjobs:job-1:{to}"} | fields
    )


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    content: str = found.get_content()
    return content.replace("\r\n", "\n")


def send_all(sink: SmtpSink, *messages: MailMessage, **options: Any) -> MailReport:
    """Send one batch to the sink; an error passes through."""

    async def scene() -> MailReport:
        async with sink:
            return await service(sink.port, **options).send(messages)

    return run(scene())


def test_text_and_html_arrive_as_two_parts() -> None:
    sink = SmtpSink()
    report = send_all(
        sink, message(text="Grüße 👋\n" + "long " * 500, html="<p>Grüße</p>", subject="Grüße 👋")
    )
    assert report == MailReport(("ann@example.com",), {})
    [mail] = sink.messages
    assert mail["From"] == SENDER
    assert mail["To"] == "ann@example.com"
    assert mail["Subject"] == "Grüße 👋"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(str(mail["Date"])).tzinfo is not None
    assert mail.get_content_type() == "multipart/alternative"
    assert part(mail, "plain").startswith("Grüße 👋\nlong long")
    assert part(mail, "html") == "<p>Grüße</p>\n"


def test_a_mail_may_have_only_one_of_both_parts() -> None:
    sink = SmtpSink()
    send_all(sink, message("a@example.com"), message("b@example.com", text="", html="<p>only</p>"))
    assert [mail.get_content_type() for mail in sink.messages] == ["text/plain", "text/html"]


def test_the_message_id_is_stable_for_a_key_and_unique_without_one() -> None:
    sink = SmtpSink()
    keys = ["k1", "k1", "k2", None, None]
    send_all(sink, *(message(message_key=key) for key in keys))
    first, again, other, *unkeyed = (str(mail["Message-ID"]) for mail in sink.messages)
    assert first == again != other
    assert len({first, other, *unkeyed}) == 4
    assert all(text.startswith("<") and text.endswith("@example.com>") for text in (first, *unkeyed))


def test_a_bulk_mail_goes_to_fifty_on_one_connection_and_one_refusal_stops_nobody() -> None:
    sink = SmtpSink(answers={"user7@example.com": "550 5.1.1 no such user"})
    report = send_all(sink, *(message(f"user{number}@example.com") for number in range(50)))
    assert len(report.accepted) == 49
    assert report.refused == {"user7@example.com": "550 5.1.1 no such user"}
    assert sorted(sink.recipients) == sorted(report.accepted)
    assert all(
        mail["To"] == recipient for mail, recipient in zip(sink.messages, sink.recipients, strict=True)
    )
    assert sink.connections == 1


def test_a_message_that_is_refused_after_its_recipient_was_taken_counts_as_refused() -> None:
    sink = SmtpSink(data_answers={"b@example.com": "554 5.6.0 spam"})
    report = send_all(sink, message("a@example.com"), message("b@example.com"), message("c@example.com"))
    assert report == MailReport(("a@example.com", "c@example.com"), {"b@example.com": "554 5.6.0 spam"})


def test_a_batch_that_is_refused_as_a_whole_is_a_permanent_error() -> None:
    sink = SmtpSink(answers={"a@example.com": "550 no", "b@example.com": "551 no"})
    with pytest.raises(PermanentError, match="550 no"):
        send_all(sink, message("a@example.com"), message("b@example.com"))


@pytest.mark.parametrize("step", ["answers", "data_answers"])
def test_a_passing_refusal_makes_a_connection_error_after_the_others_got_their_mail(step: str) -> None:
    answers: dict[str, Any] = {step: {"b@example.com": "451 4.7.1 greylisted"}}
    sink = SmtpSink(**answers)
    with pytest.raises(ConnectionError, match=r"2 of 3 mails were accepted.*451 4\.7\.1 greylisted"):
        send_all(sink, message("a@example.com"), message("b@example.com"), message("c@example.com"))
    assert sink.recipients == ["a@example.com", "c@example.com"]


def test_a_retry_sends_what_was_put_off_and_reports_only_what_was_sent() -> None:
    async def scene() -> None:
        batch = [message("a@example.com"), message("b@example.com"), message("c@example.com")]
        async with SmtpSink(answers={"b@example.com": "451 later"}) as sink:
            mail = service(sink.port)
            for _ in range(2):
                with pytest.raises(ConnectionError):
                    await mail.send(batch)
            assert sink.recipients == ["a@example.com", "c@example.com"]
            del sink.answers["b@example.com"]
            report = await mail.send(batch)
            assert sorted(report.accepted) == sorted(sink.recipients) == [m.to for m in batch]
            await mail.send(batch)  # a batch that succeeded is not remembered: this is a new wish
            assert len(sink.recipients) == 6

    run(scene())


def test_the_connection_that_is_closed_in_the_middle_is_a_connection_error() -> None:
    sink = SmtpSink(answers={"b@example.com": "421 4.3.2 closing"})
    with pytest.raises(ConnectionError, match=r"1 of 3 mails were accepted.*closing"):
        send_all(sink, message("a@example.com"), message("b@example.com"), message("c@example.com"))
    assert sink.recipients == ["a@example.com"]


def test_a_cancelled_run_remembers_what_was_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with SmtpSink() as sink:
            mail = service(sink.port)
            reached, never = asyncio.Event(), asyncio.Event()
            take = sink.handle_RCPT

            async def hang(server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
                if address == "b@example.com" and not reached.is_set():
                    reached.set()
                    await never.wait()
                return await take(server, session, envelope, address, options)

            monkeypatch.setattr(sink, "handle_RCPT", hang)
            batch = [message("a@example.com"), message("b@example.com")]
            sending = asyncio.create_task(mail.send(batch))
            await reached.wait()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            await mail.send(batch)
            assert sink.recipients == ["a@example.com", "b@example.com"]

    run(scene())


def test_no_server_is_a_connection_error() -> None:
    async def scene() -> None:
        async with SmtpSink() as sink:
            port = sink.port
        with pytest.raises(ConnectionError, match="0 of 1 mails were accepted"):
            await service(port).send([message()])

    run(scene())


def test_a_silent_server_is_a_connection_error() -> None:
    async def scene() -> None:
        done = asyncio.Event()

        async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await done.wait()
            writer.close()

        server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(ConnectionError, match="Timeout"):
                await service(port, timeout_seconds=0.1).send([message()])
            done.set()

    run(scene())


def test_starttls_and_credentials() -> None:
    sink = SmtpSink(starttls=server_context(), users={b"me": b"s3cret"})
    options = {"host": "localhost", "tls": "starttls", "username": "me", "ca_file": AUTHORITY}
    send_all(sink, message(), password="s3cret", **options)
    assert sink.encrypted == [True]

    with pytest.raises(ConnectionError) as refused:
        send_all(
            SmtpSink(starttls=server_context(), users={b"me": b"s3cret"}),
            message(),
            password="wr0ng",
            **options,
        )
    assert "wr0ng" not in str(refused.value)


def test_starttls_is_the_default_and_a_server_without_it_gets_nothing() -> None:
    sink = SmtpSink()

    async def scene() -> None:
        async with sink:
            mail = SmtpEmailService(host="127.0.0.1", port=sink.port, sender=SENDER)
            with pytest.raises(ConnectionError, match="STARTTLS"):
                await mail.send([message()])

    run(scene())
    assert sink.messages == []


def test_implicit_tls() -> None:
    sink = SmtpSink(implicit_tls=server_context())
    assert send_all(sink, message(), tls="implicit", ca_file=AUTHORITY).accepted == ("ann@example.com",)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_of_an_unknown_authority_is_refused(tls: str) -> None:
    context = server_context()
    sink = SmtpSink(starttls=context) if tls == "starttls" else SmtpSink(implicit_tls=context)
    with pytest.raises(ConnectionError) as refused:
        send_all(sink, message(), tls=tls)
    assert any(isinstance(error, ssl.SSLCertVerificationError) for error in causes(refused.value))
    assert sink.messages == []


def causes(error: BaseException | None) -> list[BaseException]:
    """The error and what it came from."""
    found = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


@pytest.mark.parametrize(
    "subject",
    [
        "x\r\nBcc: eve@example.com",
        "x\nBcc: eve@example.com",
        "x\rBcc: e",
        "x\x00",
        "x\x0bBcc: e",
        "x\u2028Bcc: e",
        "x\x85",
    ],
)
def test_a_subject_that_would_forge_headers_is_refused_and_nothing_is_sent(subject: str) -> None:
    sink = SmtpSink()
    with pytest.raises(PermanentError, match="header"):
        send_all(sink, message("a@example.com"), message("b@example.com", subject=subject))
    assert sink.connections == 0


@pytest.mark.parametrize(
    "to",
    [
        "a@example.com\r\nRCPT TO:<eve@example.com>",
        "a@example.com> SIZE=1",
        "a@example.com,eve@example.com",
        "",
    ],
)
def test_an_address_that_is_none_is_refused_and_stops_nobody(to: str) -> None:
    sink = SmtpSink()
    report = send_all(sink, message(to), message("b@example.com"))
    assert report.accepted == ("b@example.com",)
    assert list(report.refused) == [to]
    assert sink.recipients == ["b@example.com"]


def test_a_body_cannot_end_the_message_early() -> None:
    sink = SmtpSink()
    text = "before\n.\nMAIL FROM:<eve@example.com>\n.\r\nafter\n"
    send_all(sink, message(text=text))
    [mail] = sink.messages
    assert part(mail, "plain") == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"username": "me", "password": "x", "tls": "none"}, "tls"),
        ({"sender": "nobody"}, "sender"),
        ({"sender": "A\nBcc: x <a@example.com>"}, "sender"),
    ],
)
def test_a_configuration_that_cannot_be_right_is_refused_at_the_start(
    options: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        service(25, **options)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_a_missing_extra_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiosmtplib", None)
    with pytest.raises(InvalidConfiguration, match=r"pip install 'hexjobs\[email\]'"):
        run(service(25).send([message()]))


def test_nothing_to_send_needs_no_server() -> None:
    assert run(service(1).send([])) == MailReport((), {})
