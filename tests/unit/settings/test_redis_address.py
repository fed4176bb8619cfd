"""`jobs.redis.addr` takes host:port and the URLs that Redis clients know; what a URL says moves to its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from hexjobs.settings import RedisAddress, RedisSettings, load_settings, origins


@pytest.mark.parametrize(
    ("text", "addr", "host", "port", "extras"),
    [
        ("localhost:6379", "localhost:6379", "localhost", 6379, {}),
        ("redis.internal", "redis.internal:6379", "redis.internal", 6379, {}),
        ("[::1]:7000", "[::1]:7000", "::1", 7000, {}),
        ("redis://h", "h:6379", "h", 6379, {}),
        ("redis://h:1/", "h:1", "h", 1, {}),
        ("redis://h:1/3", "h:1", "h", 1, {"db": 3}),
        ("rediss://h:1", "h:1", "h", 1, {"tls": True}),
        ("redis://:p%40%2F@h:1", "h:1", "h", 1, {"password": "p@/"}),
        (
            "rediss://me:pw@[::1]:1/2",
            "[::1]:1",
            "::1",
            1,
            {"tls": True, "username": "me", "password": "pw", "db": 2},
        ),
    ],
)
def test_addresses(text: str, addr: str, host: str, port: int, extras: dict[str, Any]) -> None:
    address = RedisAddress.parse(text)
    assert (address.text, address.host, address.port, address.socket_path) == (addr, host, port, None)
    assert address.extras == extras
    assert RedisAddress.parse(address.text).text == addr


def test_sockets() -> None:
    address = RedisAddress.parse("unix://me:pw@/run/my%20redis.sock?db=4")
    assert address.socket_path == "/run/my redis.sock"
    assert address.extras == {"username": "me", "password": "pw", "db": 4}
    assert RedisAddress.parse(address.text).socket_path == "/run/my redis.sock"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b",
        "h:port",
        "h:70000",
        "h:1/2",
        "redis://",
        "redis://h/x",
        "redis://h?db=1",
        "redis://h/-1",
        "redis://h,i",
        "redis://[::1",
        "ftp://h",
        "unix://",
        "unix://run/redis.sock",
        "unix:///s?x=1",
        "redis+cluster://h",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RedisSettings(addr=text)
    assert [error["loc"] for error in caught.value.errors()] == [("addr",)]


def test_what_the_url_says_moves_to_its_key() -> None:
    settings = RedisSettings(addr="rediss://me:pw@h:1/2")
    assert settings == RedisSettings(addr="h:1", username="me", password=SecretStr("pw"), db=2, tls=True)
    assert settings.address.port == 1


@pytest.mark.parametrize(
    "given", [{"db": 3}, {"db": "3"}, {"username": "other"}, {"password": SecretStr("PW")}]
)
def test_a_key_that_contradicts_the_url_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="another key says otherwise"):
        RedisSettings(addr="redis://me:pw@h:1/2", **given)


@pytest.mark.parametrize(
    "given", [{"db": 2}, {"db": "2"}, {"db": 0}, {"db": "0"}, {"password": "", "tls": False}, {"tls": "true"}]
)
def test_a_key_that_says_the_same_or_nothing_is_no_contradiction(given: dict[str, Any]) -> None:
    settings = RedisSettings(addr="rediss://me:pw@h:1/2", **given)
    assert (settings.db, settings.tls) == (2, True)


def test_the_origin_of_what_the_url_said_is_that_of_the_url(tmp_path: Path) -> None:
    """Also where the file says the empty value, as the shipped one does."""
    (tmp_path / "hexjobs.yaml").write_text("jobs: {redis: {db: 0}}")
    variable = "HEXJOBS_JOBS__REDIS__ADDR"
    settings = load_settings(environ={variable: "redis://me:pw@h/2"}, cwd=tmp_path)
    found = {name: str(origin) for name, origin in origins(settings).items() if "redis" in name}
    for name in ("addr", "username", "password", "db"):
        assert found[f"jobs.redis.{name}"] == f"environment {variable}"
    assert found["jobs.redis.tls"] == "default"
