"""The name of an agent inside the server."""

from __future__ import annotations

from typing import NewType

AgentId = NewType("AgentId", int)
"""The primary key of the agent; stable for good, so old calls keep their agent."""
