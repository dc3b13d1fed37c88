"""What the tracker needs of an AMI message: reading headers. `AmiMessage` of the codec is one."""

from __future__ import annotations

from typing import Protocol


class AmiEvent(Protocol):
    """One AMI event. Header names in any case; a missing header reads as the default."""

    @property
    def event(self) -> str: ...

    def get(self, header: str, default: str = "") -> str: ...

    def getall(self, header: str) -> list[str]: ...

    def headers(self) -> list[tuple[str, str]]: ...
