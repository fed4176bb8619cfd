"""`require_http_extra`: a clear error where FastAPI and uvicorn are not installed."""

from __future__ import annotations

from importlib.util import find_spec

from ...domain.errors import InvalidConfiguration, Problem


def require_http_extra() -> None:
    """Return when FastAPI and uvicorn can be imported; else InvalidConfiguration says how to install them."""
    missing = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
    if missing:
        message = f"serving HTTP needs {' and '.join(missing)}: pip install 'hexjobs[http]'"
        raise InvalidConfiguration([Problem("http", message)])
