"""A call center to measure: settings, a database with people, agents, signed-in browsers and customers."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callcenter.kit.ports import free_port
from callcenter.settings import Settings, check
from callcenter.storage.database import Database
from callcenter.storage.people import People
from crm_core.demo import demo_customers, demo_numbers, load_demo
from web.security.sessions import COOKIE, CSRF_HEADER, TOKEN_BYTES, csrf_token, digest_of

FIRST_EXTENSION = 1001
SECRET = "callcenter-bench"
_NOBODY = "no password fits: browsers of the bench are signed in from the start"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """`tokens` are the session cookies, one for each agent in the order of `extensions`; `numbers` those of one
    customer each, `strangers` those of nobody."""

    settings: Settings
    config: Path
    extensions: Sequence[str]
    tokens: Sequence[str]
    numbers: Sequence[str]
    strangers: Sequence[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.server.port}"


async def furnish(
    folder: Path,
    *,
    agents: int,
    manager_port: int,
    demo: bool = True,
    database: Path | None = None,
    **sections: Mapping[str, Any],
) -> House:
    """Make it in `folder`; `database` is an existing file to add people to. `sections` change the settings."""
    place = database or folder / "callcenter.db"
    document = _document(place, manager_port)
    for name, changes in sections.items():
        document[name] = {**document.get(name, {}), **changes}
    config = folder / "callcenter.toml"
    config.write_text(_toml(document), encoding="utf-8")
    extensions = [str(FIRST_EXTENSION + n) for n in range(agents)]
    settings = check(document, source="the bench")
    own = Database(settings.server.database.get_secret_value())
    try:
        await own.migrate()
        if demo:
            await load_demo(own.sessions, region=settings.server.region)
        tokens = await _people(People(own), extensions)
    finally:
        await own.close()
    numbers = demo_numbers(demo_customers(now=time.time()))
    return House(
        settings=settings,
        config=config,
        extensions=extensions,
        tokens=tokens,
        numbers=numbers.known if demo else (),
        strangers=numbers.unknown,
    )


def cookie(token: str) -> dict[str, str]:
    """The headers of that browser's requests."""
    return {"Cookie": f"{COOKIE}={token}", CSRF_HEADER: csrf_token(token)}


def _document(database: Path, manager_port: int) -> dict[str, Any]:
    return {
        "server": {"port": free_port(), "database": f"sqlite:///{database}", "log_level": "warning"},
        "asterisk": {"name": "pbx", "port": manager_port, "secret": SECRET},
        "fastagi": {"port": free_port()},
        "flow": {"greeting": ""},
    }


def _toml(document: Mapping[str, Mapping[str, Any]]) -> str:
    """Values are numbers, texts and lists of texts, which JSON writes as TOML does."""
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in section.items())
        for name, section in document.items()
    )


async def _people(people: People, extensions: Sequence[str]) -> list[str]:
    now, tokens = time.time(), []
    if not await people.has_admin():
        await people.create_first_admin(login="admin", name="Admin", password_hash=_NOBODY)
    for extension in extensions:
        person = await people.create_person(
            login=f"agent{extension}", name=f"Agent {extension}", role="agent", password_hash=_NOBODY
        )
        await people.create_agent(
            name=person.name, user_id=person.id, extension=extension, endpoint=f"PJSIP/{extension}"
        )
        token = secrets.token_urlsafe(TOKEN_BYTES)
        await people.save_session(digest=digest_of(token), user_id=person.id, created_at=now, used_at=now)
        tokens.append(token)
    return tokens
