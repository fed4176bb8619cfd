"""The sections of the settings that say where jobs are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from .fields import Natural, Off, Secret, Text
from .keys import Section
from .redis_address import RedisAddress


class EmbeddedSettings(Section):
    """The server that `provider: embedded` starts by itself."""

    data_dir: Path = Field(
        default=Path(".hexjobs"),
        description="Folder of the server's files; processes that name the same folder share a server.",
    )
    fsync: Annotated[Literal["always", "everysec", "no"], Off] = Field(
        default="always",
        description="When the append-only file reaches the disk; only with `always` does a submit survive a power cut.",
    )


class RedisSettings(Section):
    """The server of `provider: redis`: Redis or Valkey. A URL in `addr` may carry user, password and database."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"sentinel", "cluster"})

    addr: str = Field(
        default="localhost:6379",
        description="The server, as `host:port`, `redis://`, `rediss://` (TLS) or `unix://`.",
    )
    username: Text = Field(
        default="", description="User of the server's access list; empty for the default user."
    )
    password: Secret = Field(default=SecretStr(""), description="Password of the user.")
    db: Natural = Field(default=0, description="Number of the database.")
    tls: bool = Field(default=False, description="Whether to talk TLS; the server's certificate is verified.")
    key_prefix: str = Field(
        default="jobs",
        pattern=r"^(\{[A-Za-z0-9_.:-]{1,64}\}|[A-Za-z0-9_.:-]{1,64})$",
        description="What every key begins with; systems with different prefixes share a server without meeting.",
    )

    @model_validator(mode="before")
    @classmethod
    def _take_apart(cls, given: Any) -> Any:
        """Move what a URL says into the fields, so that its password is a secret like any other."""
        addr = given.get("addr") if isinstance(given, Mapping) else None
        text = addr.get_secret_value() if isinstance(addr, SecretStr) else addr
        if not isinstance(text, str):
            return given
        given = {**given, "addr": text}
        try:
            address = RedisAddress.parse(text)
        except ValueError:
            return given  # the field's own check says why
        if any(_says_otherwise(given.get(name), value) for name, value in address.extras.items()):
            return given  # likewise
        return {**given, **address.extras, "addr": address.text}

    @field_validator("addr")
    @classmethod
    def _is_bare(cls, addr: str) -> str:
        if RedisAddress.parse(addr).extras:
            raise ValueError(
                "says a username, password, db or tls that another key says otherwise; give each once"
            )
        return addr

    @property
    def address(self) -> RedisAddress:
        """Host and port, or the path of the socket."""
        return RedisAddress.parse(self.addr)


def _says_otherwise(given: Any, value: Any) -> bool:
    """Whether a key contradicts the URL; one that is empty, 0 or false says nothing."""
    said = given.get_secret_value() if isinstance(given, SecretStr) else given
    if not said or said in ("0", "false"):
        return False
    return bool(said != value if isinstance(value, str) else str(said).lower() != str(value).lower())
