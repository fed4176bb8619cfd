"""EmailJob: send one message, or one to each of many recipients."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel

from .base import BaseJob

# The local part and domain of RFC 5321 section 4.1.2 without quoted strings and address literals, which no
# recipient of a background mail has and which hide header injection.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*\Z")
_FORBIDDEN_IN_HEADER = re.compile(r"[\r\n\x00]")
MAX_RECIPIENTS = 1000


def check_address(address: str) -> str:
    """The address as it is, or ValueError: `local@domain` of RFC 5321, at most 254 characters."""
    if len(address) > 254 or not _ADDRESS.match(address) or len(address.rpartition("@")[0]) > 64:
        raise ValueError("is not an e-mail address; write it like user@example.com")
    return address


def check_header(text: str) -> str:
    """The text as it is, or ValueError where it holds a line break or NUL, which would forge headers."""
    if _FORBIDDEN_IN_HEADER.search(text):
        raise ValueError("must not hold line breaks or NUL")
    return text


Address = Annotated[str, AfterValidator(check_address)]
HeaderText = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(check_header)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WelcomeEmail(_Message):
    """Greets a new user."""

    email_type: Literal["welcome"] = "welcome"
    to: Address
    username: HeaderText


class PasswordResetEmail(_Message):
    """Carries the link by which a user sets a new password."""

    email_type: Literal["password_reset"] = "password_reset"
    to: Address
    username: HeaderText = "there"
    reset_url: Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2048)]
    expires_in_minutes: Annotated[int, Field(ge=1, le=10080)] = 60


class NotificationEmail(_Message):
    """Tells a user something in plain words."""

    email_type: Literal["notification"] = "notification"
    to: Address
    subject: HeaderText
    message: Annotated[str, Field(min_length=1)]


class BulkEmail(_Message):
    """One message to many recipients, each in a mail of their own."""

    email_type: Literal["bulk"] = "bulk"
    recipients: Annotated[list[Address], Field(min_length=1, max_length=MAX_RECIPIENTS)]
    subject: HeaderText
    text: Annotated[str, Field(min_length=1)]
    html: str | None = None


class TemplateEmail(_Message):
    """A message rendered from a named template."""

    email_type: Literal["template"] = "template"
    to: Address
    template: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")]
    variables: dict[str, Any] = Field(default_factory=dict)
    subject: HeaderText | None = None


EmailPayload = RootModel[
    Annotated[
        WelcomeEmail | PasswordResetEmail | NotificationEmail | BulkEmail | TemplateEmail,
        Field(discriminator="email_type"),
    ]
]


@dataclass(slots=True, kw_only=True)
class EmailJob(BaseJob):
    """Sends e-mail; its payload is one of the messages of `EmailPayload`."""

    job_type: ClassVar[str] = "email"
