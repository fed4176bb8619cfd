"""JinjaTemplateRenderer: renders mail from named Jinja2 templates, in a sandbox, HTML escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...domain.errors import InvalidConfiguration, PermanentError, Problem
from ...domain.suggestion import nearest

if TYPE_CHECKING:
    from jinja2 import Environment

SHIPPED_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")


class JinjaTemplateRenderer:
    """A TemplateRenderer over folders of templates; those given come before the shipped ones.

    A template `receipt` is the files `receipt.txt`, and where wanted `receipt.subject.txt` (one line) and
    `receipt.html`, all taken from the first folder that has `receipt.txt`. Files whose name begins with `_` are for
    `extends` and `include`, which look in that folder and the ones after it. A variable that is missing is an error.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = (*folders, SHIPPED_TEMPLATES)
        self._environments: dict[Path, Environment] = {}

    def names(self) -> list[str]:
        """The templates there are, by name."""
        found = {path.name.removesuffix(".txt") for folder in self._folders for path in folder.glob("*.txt")}
        return sorted(name for name in found if _NAME.match(name))

    def render(self, template: str, variables: dict[str, Any]) -> tuple[str, str, str | None]:
        """Subject (empty where the template has none), text, HTML or None; PermanentError says what is wrong."""
        folder = self._folder_of(template)
        subject = self._part(folder, f"{template}.subject.txt", variables) or ""
        text = self._part(folder, f"{template}.txt", variables) or ""
        html = self._part(folder, f"{template}.html", variables)
        return subject.strip(), text, html

    def _folder_of(self, template: str) -> Path:
        if _NAME.match(template):
            for folder in self._folders:
                if (folder / f"{template}.txt").is_file():
                    return folder
        raise PermanentError(f"there is no template {template!r}{nearest(template, self.names())}")

    def _part(self, folder: Path, file: str, variables: dict[str, Any]) -> str | None:
        """The rendered file, or None where the template does not have it."""
        if not (folder / file).is_file():
            return None
        environment = self._environment(folder)
        from jinja2 import TemplateError, TemplateSyntaxError

        try:
            return environment.get_template(file).render(variables)
        except TemplateSyntaxError as error:
            raise PermanentError(f"{error.name or file} line {error.lineno}: {error.message}") from error
        except TemplateError as error:
            raise PermanentError(f"{file} cannot be rendered: {error.message}") from error
        except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
            # What a template does to a variable of another shape. The text may hold the variable, so it stays out.
            raise PermanentError(
                f"{file} cannot be rendered: {type(error).__name__}; check the variables"
            ) from error

    def _environment(self, folder: Path) -> Environment:
        try:
            from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
            from jinja2.sandbox import ImmutableSandboxedEnvironment
        except ImportError:
            message = "rendering mail needs jinja2: pip install 'hexjobs[email]'"
            raise InvalidConfiguration([Problem("mail.templates", message)]) from None
        environment = self._environments.get(folder)
        if environment is None:
            environment = ImmutableSandboxedEnvironment(
                loader=FileSystemLoader(self._folders[self._folders.index(folder) :]),
                autoescape=select_autoescape(enabled_extensions=("html",), default=False),
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                keep_trailing_newline=True,
            )
            self._environments[folder] = environment
        return environment
