"""The built desktop from disk: only files that were found there at start, so no path can lead elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from aiohttp import web

_HASHED: Final = re.compile(r"[.-][A-Za-z0-9_-]{8,}\.[a-z0-9]+$")  # Vite: assets/index-BxY3_kQ2.js
_FOREVER: Final = "public, max-age=31536000, immutable"
_ASK: Final = "no-cache"
_INDEX: Final = "index.html"

_NOT_BUILT: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Desktop not built</title></head>
<body><h1>The desktop is not built</h1>
<p>The server runs, but the browser application is missing. Build it with <code>make desktop</code>
(or start everything with <code>make run</code>), then load this page again.</p>
<p>The API works: <a href="/api/v1/health">/api/v1/health</a></p></body></html>
"""


class Desktop:
    """Serves a directory made by the desktop's build. Other paths without a file ending get the app."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._built_at = -1
        self._files: dict[str, Path] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self._look()
        name = request.match_info.get("path", "")
        file = self._files.get(name)
        if file is None and "." in name.rpartition("/")[2]:
            raise web.HTTPNotFound
        if file is None:
            name, file = _INDEX, self._files.get(_INDEX)
        if file is None:
            return web.Response(
                status=503, text=_NOT_BUILT, content_type="text/html", headers={"Cache-Control": "no-store"}
            )
        return web.FileResponse(file, headers={"Cache-Control": _cache(name)})

    def _look(self) -> None:
        """List the files again if the desktop was built anew: one `stat` a request."""
        try:
            built_at = (self._root / _INDEX).stat().st_mtime_ns
        except OSError:
            built_at = 0
        if built_at == self._built_at:
            return
        self._built_at = built_at
        self._files = _files(self._root) if built_at else {}


def _cache(name: str) -> str:
    return _FOREVER if name.startswith("assets/") and _HASHED.search(name) else _ASK


def _files(root: Path) -> dict[str, Path]:
    """By path in URLs. Links that lead out of the directory are left out, and hidden files."""
    inside = root.resolve()
    found = {}
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        if path.is_file() and path.resolve().is_relative_to(inside) and not any(p[0] == "." for p in parts):
            found["/".join(parts)] = path
    return found
