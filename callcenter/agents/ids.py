"""The name of an agent inside the server."""

from __future__ import annotations

from typing import NewType

AgentId = NewType("AgentId", str)
"""The agent's id as text; stable for good, so old calls keep their agent."""
