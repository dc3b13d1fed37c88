"""What can go wrong between us and the switch, by what the caller may conclude from it."""

from __future__ import annotations


class AmiError(Exception):
    """Base of all AMI errors. Texts hold no secret and nobody's name or number."""


class AmiEncodeError(AmiError, ValueError):
    """The action cannot be written safely. Nothing was sent: a mistake of the caller or hostile input."""


class AmiRefused(AmiError):
    """The switch said no. `message` is its own text. `sent` is False where the action never reached it."""

    sent = True

    def __init__(self, action: str, message: str) -> None:
        super().__init__(f"the switch refused {action}: {message or 'no reason given'}")
        self.action = action
        self.message = message


class AmiNotSent(AmiRefused):
    """The action never left this process (too many unanswered, or the switch does not read): no effect."""

    sent = False

    def __init__(self, action: str, why: str) -> None:
        AmiError.__init__(self, f"{action} was not sent: {why}")
        self.action = action
        self.message = why


class AmiLinkDown(AmiNotSent):
    """Not sent because there is no live connection to the switch."""

    def __init__(self, action: str) -> None:
        super().__init__(action, "no connection to the switch")


class AmiOutcomeUnknown(AmiError):
    """The action was sent and its answer is lost: it may or may not have had its effect. Never send it again;
    the events tell what happened."""

    def __init__(self, action: str, why: str) -> None:
        super().__init__(f"the outcome of {action} is unknown: {why}")
        self.action = action
        self.why = why


class AmiListIncomplete(AmiOutcomeUnknown):
    """An event list did not come to its Complete event in time or within its bound. `received` items came."""

    def __init__(self, action: str, why: str, *, received: int) -> None:
        super().__init__(action, f"{why} ({received} items came)")
        self.received = received


class AmiLoginRefused(AmiError):
    """The switch will not have us until somebody changes a configuration. The text says which."""


class AmiConnectionLost(AmiError):
    """The connection ended or had to be ended. The text says why; the connection comes back by itself."""
