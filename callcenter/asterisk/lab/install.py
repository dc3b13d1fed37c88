"""Where an Asterisk is on this machine: unpacked by `scripts/install-tools`, or the system's."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
UNPACKED = PROJECT / "var" / "asterisk-root"
_SYSTEM_MODULES = (
    "/usr/lib/{triplet}/asterisk/modules",
    "/usr/lib/asterisk/modules",
    "/usr/lib64/asterisk/modules",
)
_SYSTEM_SHARED = ("/usr/share/asterisk", "/var/lib/asterisk")
_A_PROMPT = "vm-intro.*"  # one of the core sounds: its folder is a voice


class AsteriskMissing(Exception):
    """No Asterisk here; the text says how to get one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskInstall:
    """How to start it, and where its modules, documentation, sounds and music lie."""

    command: tuple[str, ...]
    modules: Path
    shared: Path
    sounds: Path
    music: Path


def find_asterisk(unpacked: Path = UNPACKED) -> AsteriskInstall:
    """The unpacked Asterisk if there is one, else the system's. Raises AsteriskMissing."""
    triplet = f"{platform.machine()}-linux-gnu"
    program = unpacked / "usr/sbin/asterisk"
    if program.exists():
        libraries = unpacked / "usr/lib" / triplet
        loader = _first(libraries.glob("ld-linux-*.so.*"), "the loader of the unpacked Asterisk")
        return _install(
            (str(loader), "--library-path", str(libraries), str(program)),
            [libraries / "asterisk/modules"],
            [unpacked / "usr/share/asterisk"],
        )
    system = shutil.which("asterisk") or shutil.which("/usr/sbin/asterisk")
    if system is None:
        raise AsteriskMissing("there is no Asterisk on this machine: run scripts/install-tools asterisk")
    return _install(
        (system,),
        [Path(text.format(triplet=triplet)) for text in _SYSTEM_MODULES],
        [Path(text) for text in _SYSTEM_SHARED],
    )


def _install(command: tuple[str, ...], modules: list[Path], shared: list[Path]) -> AsteriskInstall:
    voices = (voice.parent for folder in shared for voice in sorted(folder.glob(f"sounds/en*/{_A_PROMPT}")))
    music = (tune.parent for folder in shared for tune in sorted(folder.glob("moh/*.*")))
    return AsteriskInstall(
        command=command,
        modules=_first((path for path in modules if (path / "chan_pjsip.so").exists()), "chan_pjsip.so"),
        shared=_first(
            (path for path in shared if (path / "documentation").is_dir()), "its documentation folder"
        ),
        sounds=_first(voices, "its English prompts"),
        music=_first(music, "its music on hold"),
    )


def _first(found: Iterable[Path], what: str) -> Path:
    for path in found:
        return path
    raise AsteriskMissing(
        f"the Asterisk of this machine lacks {what}: remove var/asterisk-root "
        "and run scripts/install-tools asterisk"
    )
