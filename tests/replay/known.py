"""Where audio and signalling disagree for a known reason: what the tracker must say all the same.

Each entry is used by the tests and must be needed: one that no longer disagrees fails.
"""

from __future__ import annotations

from dataclasses import dataclass

SWITCHING = "after a switch to a new source the phone heard 0.5-0.8 s of silence"
DIED = "the phone was killed: its audio stops at once, Asterisk learns of it only later"
SPYING = "a spy hears (and in whisper and barge is heard) without being in the conversation"
MUTED = "muted by an action for which Asterisk sends no event that concerns the conversation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """From `since` to `until` (s) the tracker says that `phone` hears `says`, whatever the audio was."""

    scenario: str
    phone: str
    since: float
    until: float
    says: str  # phones joined by "+", "" for nobody
    why: str

    @property
    def expected(self) -> frozenset[str]:
        return frozenset(filter(None, self.says.split("+")))


def _known(scenario: str, phone: str, since: float, until: float, says: str, why: str) -> Disagreement:
    return Disagreement(scenario=scenario, phone=phone, since=since, until=until, says=says, why=why)


KNOWN = (
    _known("01e-hold-other-actions", "cust", 5.97, 7.43, "1001", MUTED),
    _known("01e-hold-other-actions", "1001", 5.97, 7.43, "cust", MUTED),
    _known("03a-atxfer-complete", "cust", 2.28, 2.9, "1001", SWITCHING),
    _known("03b-atxfer-cancel", "cust", 2.38, 3.0, "1001", SWITCHING),
    _known("03b-atxfer-cancel", "cust", 6.8, 7.4, "1001", SWITCHING),
    _known("04d-conf-from-consult-BridgeAdd", "cust", 5.15, 6.0, "1002", SWITCHING),
    _known("04e-confbridge-full", "cust", 7.1, 8.26, "1001+1002+1003", MUTED),
    _known("04e-confbridge-full", "1001", 7.1, 8.26, "1002+1003+cust", MUTED),
    _known("04e-confbridge-full", "1002", 7.1, 8.26, "1001+1003+cust", MUTED),
    _known("04g-BridgeAdd-agent-then-third-leave", "cust", 3.15, 4.0, "1002", SWITCHING),
    _known("04j-3way-agent-leaves-gap-1", "cust", 4.68, 5.6, "1002", SWITCHING),
    _known("04j-3way-agent-leaves-gap-2", "cust", 4.68, 5.6, "1002", SWITCHING),
    _known("04l-rec-ConfBridge-agent-leaves-then-bridge", "cust", 6.3, 6.9, "1002", SWITCHING),
    _known("04m-rec-BridgeAdd-agent-leaves-8s", "cust", 4.15, 5.0, "1002", SWITCHING),
    _known("04p-rec-started-after-3way", "cust", 3.35, 4.2, "1002", SWITCHING),
    _known("04q-rec-lost-then-restart-mixmon-1", "cust", 3.15, 4.0, "1002", SWITCHING),
    _known("04q-rec-lost-then-restart-mixmon-2", "cust", 3.15, 3.9, "1002", SWITCHING),
    _known("04q-rec-lost-then-restart-mixmon-3", "cust", 3.2, 4.0, "1002", SWITCHING),
    _known("05a-spy-listen-whisper-barge-dial", "cust", 10.6, 12.5, "1001", SPYING),
    _known("05a-spy-listen-whisper-barge-dial", "1001", 4.9, 12.5, "cust", SPYING),
    _known("05a-spy-listen-whisper-barge-dial", "sup", 2.0, 18.3, "", SPYING),
    _known("05b-spy-mode-switch-d-and-hold-transfer", "sup", 2.0, 10.9, "", SPYING),
    _known("05d-spy-on-confbridge", "1001", 6.3, 11.1, "1002+cust", SPYING),
    _known("05d-spy-on-confbridge", "sup", 3.5, 11.1, "", SPYING),
    _known("05f-spy-mode-switch", "cust", 4.7, 10.5, "1001", SPYING),
    _known("05f-spy-mode-switch", "1001", 3.3, 10.5, "cust", SPYING),
    _known("05f-spy-mode-switch", "sup", 2.2, 11.77, "", SPYING),
    _known("05f-spy-mode-switch", "sup", 13.17, 14.6, "", SPYING),
    _known("07a-agent-kill9-in-talk-rtp_timeout8", "cust", 2.2, 10.2, "1001", DIED),
    _known("07b-agent-kill9-no-rtp_timeout", "cust", 2.2, 14.22, "nort", DIED),
)

CALLERS = {"08a-server-dies-in-AGI-and-ringing": ("cust2", "cust")}
"""Which of two outside callers came first, where it is not `cust`."""

TONES_OF = {"07b-agent-kill9-no-rtp_timeout": {"a1003": "nort"}}
"""Phones that sent another phone's tone."""
