"""The sections of the settings for the handlers that are shipped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from email.utils import getaddresses
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, SecretStr, ValidationInfo, field_validator

from ..domain.jobs.email import check_address, check_header
from .fields import Count, Duration, Frozen, Period, Port, QueueName, Secret, Text, TextOrNone
from .keys import Section


class EmailSettings(Section):
    """The mail server that `email` jobs send through."""

    host: Text = Field(default="localhost", description="Host of the SMTP server.")
    port: Port = Field(
        default=587,
        description="Port of the SMTP server: usually 587 with `starttls`, 465 with `implicit`, 25 with `none`.",
    )
    username: TextOrNone = Field(default=None, description="User to log in as; empty for no log-in.")
    password: Secret = Field(default=SecretStr(""), description="Password of the user.")
    sender: str = Field(
        default="hexjobs@localhost",
        description="Who mail is from: `user@example.com` or `Name <user@example.com>`.",
    )
    tls: Literal["none", "starttls", "implicit"] = Field(
        default="starttls",
        description="How the connection is secured; `none` takes no credentials and is for a relay on this machine.",
    )
    timeout: Period = Field(
        default=timedelta(seconds=30), description="How long to wait for the server at each step."
    )
    template_folders: tuple[Path, ...] = Field(
        default=(), description="Folders with templates, looked through before those that are shipped."
    )

    @field_validator("sender")
    @classmethod
    def _is_sender(cls, sender: str) -> str:
        found = getaddresses([check_header(sender)])
        if len(found) != 1:
            raise ValueError("must be one address")
        check_address(found[0][1])
        return sender

    @field_validator("tls")
    @classmethod
    def _keeps_credentials_secret(cls, tls: str, info: ValidationInfo) -> str:
        if tls == "none" and (info.data.get("username") or info.data.get("password")):
            raise ValueError(
                "would send the credentials in clear; use starttls or implicit, or no username and password"
            )
        return tls


class FilesSettings(Section):
    """What `file_processing` jobs may read and write."""

    root: Path = Field(
        default=Path("files"), description="Folder that every source and destination lies below."
    )
    max_bytes: Count = Field(default=64 * 1024 * 1024, description="Largest file that is read, in bytes.")
    max_pixels: Count = Field(default=50_000_000, description="Largest image that is decoded, in pixels.")


class CleanupSettings(Section):
    """What `data_cleanup` jobs may remove."""

    roots: Annotated[Mapping[QueueName, Path], Frozen, PlainSerializer(dict)] = Field(
        default={},
        description="Folder in which jobs that name this root may remove files; there is none by default.",
    )
    max_deletions: Count = Field(default=10_000, description="Most files that one job removes.")
    minimum_age: Duration = Field(
        default=timedelta(hours=1), description="Files younger than this stay, whatever a job asks for."
    )


class NotificationSettings(Section):
    """Which webhooks `notification` jobs may call."""

    allow_http: bool = Field(default=False, description="Whether plain `http://` addresses are allowed.")
    allow_private: bool = Field(
        default=False, description="Whether addresses of this machine and of private networks are allowed."
    )
    allowed_hosts: tuple[Text, ...] = Field(
        default=(), description="Host names that may be called; empty for any."
    )
    timeout: Period = Field(default=timedelta(seconds=10), description="How long one call may take.")
