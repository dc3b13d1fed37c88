"""Pure tones as sound files, so that who hears whom can be measured instead of believed."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

RATE = 8000
CALLER_MUSIC_HZ = 2130
AGENT_MUSIC_HZ = 2600
_AMPLITUDE = 6000  # of 32767: clear of companding noise, and two tones mixed do not clip


def write_tone(path: Path, hertz: int, *, seconds: float = 5.0) -> None:
    """A mono 16-bit 8 kHz WAV of one tone; a whole number of periods, so that it loops without a click."""
    periods = round(seconds * hertz)
    count = round(periods * RATE / hertz)
    samples = array.array(
        "h", (int(_AMPLITUDE * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(count))
    )
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())


def power_of(samples: array.array[int], hertz: float) -> float:
    """Share of the signal's power at `hertz`, 0 to 1 (Goertzel); 0 for silence."""
    total = sum(sample * sample for sample in samples)
    if not samples or total < len(samples) * _SILENCE * _SILENCE:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hertz / RATE)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    power = last * last + before * before - turn * last * before
    return min(1.0, 2 * power / (len(samples) * total))


_SILENCE = 60.0  # root mean square below which a window is silence (comfort noise stays under it)
