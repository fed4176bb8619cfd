"""What the shipped handlers need from outside: one port per need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class MailMessage:
    """One message to one recipient. At least one of `text` and `html` is there; with both, `text` is the fallback."""

    to: str
    subject: str
    text: str
    html: str | None = None
    message_key: str | None = None
    """A stable key of this message; it becomes the Message-ID, so that a repeated sending can be recognised."""


@dataclass(frozen=True, slots=True)
class MailReport:
    """What became of a batch: who was accepted, and who was refused for good, with the server's words."""

    accepted: tuple[str, ...]
    refused: dict[str, str]


class EmailService(Protocol):
    """Sends mail."""

    async def send(self, messages: Sequence[MailMessage]) -> MailReport:
        """Send each message; a refusal for good (5xx) of one recipient does not keep the others from theirs.

        A passing fault (4xx, no connection) raises ConnectionError; nothing is reported as sent that was not. When all
        recipients are refused for good, PermanentError.
        """
        ...


class TemplateRenderer(Protocol):
    """Turns the name of a template and variables into a message's subject and parts."""

    def render(self, template: str, variables: dict[str, Any]) -> tuple[str, str, str | None]:
        """Subject, text, HTML (or None). PermanentError names an unknown template or a missing variable."""
        ...


@dataclass(frozen=True, slots=True)
class ImageSize:
    """Pixels."""

    width: int
    height: int


class StorageService(Protocol):
    """Files below one root."""

    async def read(self, path: str, max_bytes: int) -> bytes:
        """The bytes of a file; PermanentError where it is missing, outside the root, not a plain file, or too large."""
        ...

    async def write(self, path: str, data: bytes) -> None:
        """Write a whole file, visible at once or not at all; folders are made."""
        ...


class FileProcessingService(Protocol):
    """Makes files out of files, in memory."""

    async def resize_image(
        self, image: bytes, destination: str, size: ImageSize, quality: int
    ) -> tuple[bytes, ImageSize, ImageSize]:
        """The image fitted into `size`, in the format that `destination` ends in, with the sizes before and after.

        PermanentError where it is no image, has too many pixels, or the format is unknown.
        """
        ...


@dataclass(frozen=True, slots=True)
class CleanupReport:
    """What a clean-up found and did. `removed` is zero in a dry run."""

    matched: int
    removed: int
    bytes: int
    dry_run: bool
    limit_reached: bool = False


class FileCleanupService(Protocol):
    """Removes old files below allowed roots."""

    async def remove_old_files(
        self, root: str, pattern: str, older_than_seconds: float, *, dry_run: bool
    ) -> CleanupReport:
        """Remove plain files that match and were last changed that long ago; links are never followed.

        PermanentError where the root's name is not configured.
        """
        ...


class NotificationService(Protocol):
    """Calls webhooks."""

    async def post_webhook(self, url: str, event: str, body: dict[str, Any], key: str) -> int:
        """POST the event as JSON; the answer's status (2xx). `key` is sent as Idempotency-Key.

        PermanentError for an address that is not allowed or a 4xx answer other than 408, 425 and 429; RetryLater where
        the answer says when; ConnectionError for the rest.
        """
        ...
