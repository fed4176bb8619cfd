"""JinjaTemplateRenderer on the shipped templates and on folders of a user."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from hexjobs.adapters.mail.jinja_template_renderer import JinjaTemplateRenderer
from hexjobs.domain.errors import InvalidConfiguration, PermanentError

VARIABLES: dict[str, dict[str, Any]] = {
    "welcome": {"username": "Ann"},
    "password_reset": {
        "username": "Ann",
        "reset_url": "https://example.com/r?a=1&b=2",
        "expires_in_minutes": 60,
    },
    "notification": {"subject": "Disk full", "message": "one\ntwo"},
    "receipt": {
        "customer": "Ann",
        "number": "2026-7",
        "items": [{"name": "Tea", "price": "3.00"}, {"name": "<b>Cup</b>", "price": "9.00"}],
        "total": "12.00",
    },
}


def test_the_shipped_templates_are_those_that_the_documentation_names() -> None:
    assert JinjaTemplateRenderer().names() == sorted(VARIABLES)


@pytest.mark.parametrize("template", sorted(VARIABLES))
def test_every_shipped_template_has_a_subject_of_one_line_a_text_and_an_html_part(template: str) -> None:
    subject, text, html = JinjaTemplateRenderer().render(template, VARIABLES[template])
    assert subject
    assert len(subject.splitlines()) == 1
    assert text.strip()
    assert html is not None
    assert html.startswith("<!doctype html>")
    assert "</html>" in html


def test_html_is_escaped_and_text_and_subject_are_not() -> None:
    subject, text, html = JinjaTemplateRenderer().render("welcome", {"username": "<script>&"})
    assert subject == "Welcome, <script>&"
    assert "Hello <script>&" in text
    assert html is not None
    assert "<script>" not in html
    assert "&lt;script&gt;&amp;" in html


def test_a_link_survives_in_both_parts() -> None:
    _, text, html = JinjaTemplateRenderer().render("password_reset", VARIABLES["password_reset"])
    assert "https://example.com/r?a=1&b=2" in text
    assert html is not None
    assert 'href="https://example.com/r?a=1&amp;b=2"' in html


@pytest.mark.parametrize(
    "name",
    ["../welcome", "/etc/passwd", "welcome.txt", "_layout", "", "a/b", "welcome\x00", "WELCOME", "welcome\n"],
)
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(PermanentError, match="there is no template"):
        JinjaTemplateRenderer().render(name, {})


def test_a_file_outside_of_the_folder_is_no_template(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("secret")
    (tmp_path / "templates").mkdir()
    for name in ("../outside", str(tmp_path / "outside")):
        with pytest.raises(PermanentError, match="there is no template"):
            JinjaTemplateRenderer([tmp_path / "templates"]).render(name, {})


def test_an_unknown_template_is_answered_with_the_nearest() -> None:
    with pytest.raises(PermanentError, match="did you mean 'receipt'"):
        JinjaTemplateRenderer().render("reciept", {})


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(PermanentError, match=r"welcome\.subject\.txt.*'username' is undefined"):
        JinjaTemplateRenderer().render("welcome", {})


def test_a_template_of_the_user_replaces_the_shipped_one_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "welcome.txt").write_text("Moin {{ username }}")
    rendered = JinjaTemplateRenderer([tmp_path]).render("welcome", {"username": "Ann"})
    assert rendered == ("", "Moin Ann", None)
    assert (
        JinjaTemplateRenderer([tmp_path]).render("receipt", VARIABLES["receipt"])[0] == "Your receipt 2026-7"
    )


def test_a_template_of_the_user_may_build_on_the_shipped_layout(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x")
    (tmp_path / "note.html").write_text("{% extends '_layout.html' %}{% block content %}mine{% endblock %}")
    html = JinjaTemplateRenderer([tmp_path]).render("note", {})[2]
    assert html is not None
    assert "mine" in html
    assert "</html>" in html


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ username.__init__.__globals__ }}",
        "{{ items.append(1) }}",
        "{% include '../secret.txt' %}",
        "{% include '/etc/passwd' %}",
        "{{ 3 / zero }}",
        "{% for x in zero %}{% endfor %}",
        "{{ open(",
    ],
)
def test_what_a_template_must_not_do_is_a_permanent_error(tmp_path: Path, source: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "evil.txt").write_text(source)
    with pytest.raises(PermanentError, match="evil"):
        JinjaTemplateRenderer([folder]).render("evil", {"username": "x", "items": [], "zero": 0})


def test_a_missing_extra_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(InvalidConfiguration, match=r"pip install 'hexjobs\[email\]'"):
        JinjaTemplateRenderer().render("welcome", {"username": "Ann"})


def test_a_variable_is_text_and_never_a_template() -> None:
    _, text, _ = JinjaTemplateRenderer().render("welcome", {"username": "{{ 7 * 7 }}"})
    assert "{{ 7 * 7 }}" in text
