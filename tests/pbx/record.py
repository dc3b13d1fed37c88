"""Records what Asterisk says while real phones act a scene, with what the phones really heard.

    python -m tests.pbx.record --out tests/replay/shapes            every scene of tests/pbx/shapes.py
    python -m tests.pbx.record --out DIR queue-answer pickup-group  some

`NAME.bin` holds the manager socket's bytes after the login (all classes). `NAME.json` holds:
`t0` (UTC seconds), `marks` [[seconds, what was done]], `phone_events` {phone: [[seconds, word, line, code]]}
from callcenter.kit.ports import free_port
from the phones' own signalling, `heard` {phone: [[from, to, tones]]} from their audio in 0.2 s windows,
`talk` [[phone, phone, from, to]] where one heard the other, and `expected`, what the scene is about.
"""

from __future__ import annotations

import argparse
import array
import asyncio
import json
import sys
import tempfile
import time
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from callcenter.asterisk.lab import AsteriskLab, LabSettings
from callcenter.asterisk.lab.tones import AGENT_MUSIC_HZ, CALLER_MUSIC_HZ, RATE, power_of
from callcenter.kit.ports import free_port
from tests.asterisk.scripts import Asked, ScriptServer
from tests.pbx.phones import SoftPhone
from tests.pbx.real import TONES, RealPbx, lab_for_tests

OWN = "own-"  # scenes on our own dialplan begin with this; all others play on the foreign one
WINDOW_SECONDS = 0.2
PAUSE_SECONDS = 0.4  # two windows: a click or a lost packet in the middle of a talk
HEARD_SHARE = 0.15  # of a window's power: three equal voices have a third each
_MUSIC = {"MOH": CALLER_MUSIC_HZ, "AMOH": AGENT_MUSIC_HZ}
_FOREIGN = Path(__file__).with_name("foreign")


class Tap:
    """Everything one manager session is sent after its login, as bytes."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._count = 0

    async def open(self, pbx: RealPbx) -> None:
        login = pbx.observer
        reader, self._writer = await asyncio.open_connection(login.host, login.port)
        await reader.readline()
        await self.act("Login", Username=login.username, Secret=login.secret)
        await reader.readuntil(b"\r\n\r\n")
        self._task = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while chunk := await reader.read(65536):
            self.data += chunk

    async def act(self, action: str, **headers: str) -> None:
        """Send an action; its answer is part of the recording."""
        assert self._writer is not None
        self._count += 1
        lines = [f"Action: {action}", f"ActionID: scene-{self._count}"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        await self._writer.drain()

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._task is not None:
            await self._task


class Scene:
    """One recording in the making: phones, the clock, the marks."""

    def __init__(self, pbx: RealPbx, tap: Tap, scripts: ScriptServer) -> None:
        self.pbx = pbx
        self.scripts = scripts
        self.tap = tap
        self.t0 = time.time()
        self.marks: list[tuple[float, str]] = []
        self.expected: dict[str, Any] = {}
        self._phones: dict[str, SoftPhone] = {}

    async def phones(self, *names: str) -> tuple[SoftPhone, ...]:
        """Registered phones; `1001b` is a second contact of 1001."""
        for name in names:
            made = self.pbx.second_contact(name[:4], name) if name.endswith("b") else self.pbx.phone(name)
            self._phones[name] = await made
        return tuple(self._phones[name] for name in names)

    def begin(self) -> None:
        """The phones are there: time starts."""
        self.t0 = time.time()
        del self.tap.data[:]

    def mark(self, text: str) -> None:
        self.marks.append((round(time.time() - self.t0, 2), text))

    async def rest(self, seconds: float) -> None:
        """Let people talk, or the PBX settle."""
        await asyncio.sleep(seconds)

    async def act(self, action: str, **headers: str) -> None:
        self.mark(f"AMI {action}")
        await self.tap.act(action, **headers)

    async def send(
        self, channel: str, context: str, exten: str, *, extra: tuple[str, str, str] | None = None
    ) -> None:
        """Redirect a channel, and a second one (channel, context, extension) in the same action."""
        headers = {"Channel": channel, "Context": context, "Exten": exten, "Priority": "1"}
        if extra is not None:
            names = ("ExtraChannel", "ExtraContext", "ExtraExten", "ExtraPriority")
            headers |= dict(zip(names, (*extra, "1"), strict=True))
        self.mark(f"redirect to {context},{exten}" + (f" and {extra[1]},{extra[2]}" if extra else ""))
        await self.tap.act("Redirect", **headers)

    async def park(self, asked: Asked) -> None:
        """An agent's leg asks whether to stay: while the caller is still there, yes."""
        there = any(phone.has_calls for name, phone in self._phones.items() if name.startswith("trunk"))
        await asked.next("hold" if there else "hangup")

    async def silence_scripts(self) -> None:
        """From now on no FastAGI server is there."""
        await self.scripts.close()

    def channel(self, prefix: str) -> str:
        """The newest channel of that prefix that the recording names."""
        for line in reversed(self.tap.data.decode(errors="replace").split("\r\n")):
            if line.startswith(f"Channel: {prefix}"):
                return line.removeprefix("Channel: ")
        raise LookupError(f"no channel {prefix} in the recording")

    def result(self, name: str, heard_folder: Path) -> dict[str, Any]:
        heard = {phone: self._heard(made, heard_folder) for phone, made in self._phones.items()}
        return {
            "scenario": name,
            "t0": self.t0,
            "marks": self.marks,
            "phone_events": {phone: self._events(made) for phone, made in self._phones.items()},
            "heard": heard,
            "talk": talk_intervals(heard),
            "expected": self.expected,
        }

    def _events(self, phone: SoftPhone) -> list[list[Any]]:
        words = [
            e for e in phone.events if e["event"] in ("ringing", "talking", "ended", "calling", "transfer")
        ]
        return [
            [round(e["at"] - self.t0, 2), e["event"], e["call"], e.get("code", 0)]
            for e in words
            if e["at"] > self.t0
        ]

    def _heard(self, phone: SoftPhone, folder: Path) -> list[tuple[float, float, str]]:
        windows: dict[int, set[str]] = {}
        for event in phone.events:
            if event["event"] == "listening":
                began = event["at"] - self.t0
                for index, tones in enumerate(tones_of(Path(event["file"]), own=phone.settings.user)):
                    windows.setdefault(round(began / WINDOW_SECONDS) + index, set()).update(tones)
        return _intervals(windows)


def tones_of(path: Path, *, own: str) -> Iterable[set[str]]:
    """The names of the tones in each window of a recording, without the phone's own echo."""
    names = {**TONES, **_MUSIC}
    with wave.open(str(path)) as sound:
        samples = array.array("h", sound.readframes(sound.getnframes()))
    size = int(RATE * WINDOW_SECONDS)
    for start in range(0, len(samples) - size + 1, size):
        window = samples[start : start + size]
        yield {name for name, hertz in names.items() if name != own and power_of(window, hertz) > HEARD_SHARE}


def _intervals(windows: dict[int, set[str]]) -> list[tuple[float, float, str]]:
    found: list[tuple[float, float, str]] = []
    for index in sorted(windows):
        start, text = round(index * WINDOW_SECONDS, 2), "+".join(sorted(windows[index])) or "-"
        if found and found[-1][2] == text and abs(found[-1][1] - start) < WINDOW_SECONDS:
            found[-1] = (found[-1][0], round(start + WINDOW_SECONDS, 2), text)
        else:
            found.append((start, round(start + WINDOW_SECONDS, 2), text))
    return found


def talk_intervals(heard: dict[str, list[tuple[float, float, str]]]) -> list[tuple[str, str, float, float]]:
    """Where one of two phones heard the other, pauses under `PAUSE_SECONDS` apart.

    Either is enough: after a change of source Asterisk gives one side up to 0.8 s of silence. The speaker must
    be connected itself: two contacts of an extension have one voice.
    """
    result = []
    for one, other in ((a, b) for a in heard for b in heard if a < b):
        spans = [
            (start, end)
            for listener, speaker in ((one, other), (other, one))
            for start, end, tones in heard[listener]
            if _voice(speaker) in tones.split("+")
            and any(begin < end and start < finish for begin, finish, _ in heard[speaker])
        ]
        result += [(one, other, start, end) for start, end in _joined(spans)]
    return sorted(result, key=lambda talk: talk[2])


def _voice(phone: str) -> str:
    """A second contact (`1001b`) speaks with the tone of its extension."""
    return phone.removesuffix("b")


def _joined(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Overlapping and neighbouring spans made one; a single window alone is a click, not a talk."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] <= PAUSE_SECONDS:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return [(start, end) for start, end in joined if end - start > 1.5 * WINDOW_SECONDS]


def foreign_settings() -> LabSettings:
    """An Asterisk with the dialplan of somebody else."""
    extra = {path.name: path.read_text(encoding="utf-8") for path in _FOREIGN.glob("*.conf")}
    return LabSettings(
        tones=True,
        fastagi=f"127.0.0.1:{free_port()}",
        trunk_context="from-trunk",
        phone_context="from-internal",
        extra_files=extra,
    )


async def _keep(asked: Asked) -> None:
    await asked.say("ANSWER")
    await asked.next("hold")


async def record(lab: AsteriskLab, name: str, play: Any, out: Path) -> dict[str, Any]:
    """Act one scene and write its two files. Returns the JSON document."""
    with tempfile.TemporaryDirectory(prefix="cc-heard-") as folder:
        tap = Tap()
        async with RealPbx(lab, heard=Path(folder)) as pbx:
            await tap.open(pbx)
            scripts = ScriptServer(pbx.fastagi_port, {"inbound": _keep, "hold": _keep})
            scene = Scene(pbx, tap, scripts)
            scripts.scripts["park"] = scene.park
            try:
                async with scripts:
                    await play(scene)
                    await scene.rest(0.4)
                    scene.mark("end")
            finally:
                await pbx.close()
                await tap.close()
            document = scene.result(name, Path(folder))
    _write(out, name, bytes(tap.data), document)
    return document


def _write(out: Path, name: str, data: bytes, document: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.bin").write_bytes(data)
    (out / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")


async def _main(names: Sequence[str], out: Path) -> int:
    from tests.pbx.shapes import SCENES

    failed = 0
    chosen = list(names or SCENES)
    ours = [name for name in chosen if name.startswith(OWN)]
    for lab, scenes in (
        (AsteriskLab(foreign_settings()), [name for name in chosen if name not in ours]),
        (lab_for_tests(), ours),
    ):
        async with lab:
            for name in scenes:
                try:
                    document = await record(lab, name, SCENES[name], out)
                except Exception as error:
                    failed += 1
                    print(f"{name}: FAILED {type(error).__name__}: {error}", flush=True)
                else:
                    print(f"{name}: talk {document['talk']}", flush=True)
            print("\n".join(line for line in lab.log.splitlines() if "ERROR[" in line or "WARNING[" in line))
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    sys.exit(asyncio.run(_main(arguments.names, arguments.out)))
