"""Settings as others see them: plain values, where each comes from, and the JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .fields import REVEAL
from .keys import FILE, Key, Path
from .layer import DEFAULT, Origin, dotted, said_in
from .settings import Settings, settings_keys


def dump_settings(settings: Settings, mask: bool = True) -> dict[str, Any]:
    """The settings as JSON-safe values that `load_settings` would read back; `mask` hides secrets that are set."""
    return settings.model_dump(mode="json", context=None if mask else REVEAL)


def origins(settings: Settings) -> dict[str, Origin]:
    """Where the value of each leaf comes from, by dotted path."""
    return {dotted(path): _origin(settings, key, path, value) for path, key, value in _values(settings)}


def place(settings: Settings, field: str) -> str:
    """Where a key, or the nearest one above it, is written, as the end of a message; empty where nobody wrote it."""
    path = tuple(field.split("."))
    known = settings._origins  # noqa: SLF001  # this module is its reader
    return said_in(
        next((known[path[:end]] for end in range(len(path), 0, -1) if path[:end] in known), DEFAULT)
    )


def settings_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration file, for editors: it also allows `${NAME}` and `password_file`."""
    schema = Settings.model_json_schema(mode="validation")
    for section in settings_keys().sections():
        shown = schema["$defs"][section.annotation.__name__] if section.path else schema
        defaults = section.annotation.model_construct().model_dump(mode="json")
        for name, key in section.children.items():
            property_ = shown["properties"][name]
            property_.pop("default", None)
            if key.is_leaf:
                default = {"default": defaults[name]} if name in defaults else {}
                shown["properties"][name] = _leaf_schema(property_) | default
            if key.is_secret:
                about = f"Path of a file that holds the {name}."
                shown["properties"][name + FILE] = {"type": "string", "description": about}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _leaf_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a leaf, and `${NAME}` in place of a value that is no free text."""
    if schema.get("type") == "string" and not {"enum", "pattern"} & set(schema):
        return schema
    about = {name: part for name, part in schema.items() if name in ("title", "description")}
    value = {name: part for name, part in schema.items() if name not in about}
    reference = {"type": "string", "pattern": r"\$\{[A-Za-z_]"}
    return {**about, "anyOf": [*value.get("anyOf", [value]), reference]}


def _values(settings: Settings) -> Iterator[tuple[Path, Key, Any]]:
    def walk(key: Key, value: Any, path: Path) -> Iterator[tuple[Path, Key, Any]]:
        if key.is_leaf:
            yield path, key, value
        elif key.each is not None:
            for name, item in value.items():
                yield from walk(key.each, item, (*path, name))
        for name, child in key.children.items():
            yield from walk(child, getattr(value, name), (*path, name))

    return walk(settings_keys(), settings, ())


def _origin(settings: Settings, key: Key, path: Path, value: Any) -> Origin:
    known = settings._origins.get(path)  # noqa: SLF001  # this module is its reader
    return known or (DEFAULT if value == key.default else Origin("option"))
