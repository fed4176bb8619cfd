"""Key: the tree of the settings' keys, read off the models, so that every source is checked against the same list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from types import NoneType
from typing import Annotated, Any, ClassVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, SecretStr

from ..domain.suggestion import nearest

Path = tuple[str, ...]
ANY = "NAME"  # stands for a free name in the path of a key
FILE = "_file"


class Section(BaseModel):
    """A part of the settings with keys of its own; `not_yet` names keys that are planned and refused until then."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)
    not_yet: ClassVar[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Key:
    """One key: a section (with `children`), a table (whose `each` stands for any name), or a leaf (with neither)."""

    path: Path
    annotation: Any
    default: Any = None
    description: str = ""
    children: Mapping[str, Key] = field(default_factory=dict)
    each: Key | None = None
    not_yet: frozenset[str] = frozenset()

    @property
    def is_leaf(self) -> bool:
        """Whether it takes a value."""
        return not self.children and self.each is None

    @property
    def is_secret(self) -> bool:
        """Whether its value is never shown; it may also be given as `{name}_file`."""
        return self.annotation is SecretStr

    @property
    def is_list(self) -> bool:
        """Whether it takes a list, in the environment also as one text."""
        return get_origin(self.annotation) is tuple

    @property
    def is_path(self) -> bool:
        """Whether it is a path, or a list of paths, which are taken from the configuration file's folder."""
        return FilePath in (self.annotation, *get_args(self.annotation))

    def child(self, name: str) -> Key | None:
        """The key below this one, if there is one of that name."""
        return self.children.get(name, self.each)

    def refusal(self, name: str) -> str:
        """Why there is no key `name` here, with the nearest one."""
        if name in self.not_yet:
            return "is not supported yet"
        legal = {*self.children, *(child + FILE for child, key in self.children.items() if key.is_secret)}
        return f"is not a key{nearest(name, legal)}"

    def sections(self) -> Iterator[Key]:
        """This key and every section below it."""
        if self.children:
            yield self
        for child in (*self.children.values(), *([self.each] if self.each else [])):
            yield from child.sections()

    def leaves(self) -> Iterator[Key]:
        """Every leaf below this key, in the order of the models."""
        if self.is_leaf:
            yield self
        for child in (*self.children.values(), *([self.each] if self.each else [])):
            yield from child.leaves()


def key_tree(model: type[BaseModel], path: Path = ()) -> Key:
    """The tree of the keys of a model."""
    children = {
        name: _key(
            (*path, name), info.annotation, info.get_default(call_default_factory=True), info.description
        )
        for name, info in model.model_fields.items()
    }
    return Key(path, model, children=children, not_yet=getattr(model, "not_yet", frozenset()))


def _key(path: Path, annotation: Any, default: Any, description: str | None) -> Key:
    annotation = _plain(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return key_tree(annotation, path)
    if get_origin(annotation) is Mapping:
        each = _key((*path, ANY), get_args(annotation)[1], None, description)
        return Key(path, annotation, default, description or "", each=each)
    return Key(path, annotation, default, description or "")


def _plain(annotation: Any) -> Any:
    """The type without Annotated and `| None`."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    if NoneType in get_args(annotation) and len(kinds) == 1:
        return _plain(kinds[0])
    return annotation
