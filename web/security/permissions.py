"""Roles and what each may do: one table."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Permission(StrEnum):
    """One thing a route may ask for."""

    OWN_SESSION = "own_session"  # see and end one's own session, set one's own preferences
    SEE_LIVE = "see_live"  # open the socket of one's own desk
    WORK_AT_DESK = "work_at_desk"  # change one's own state, choose a caller's record, put a call away
    SEE_CUSTOMERS = "see_customers"
    EDIT_CUSTOMERS = "edit_customers"
    SEE_OWN_CALLS = "see_own_calls"
    SEE_ALL_CALLS = "see_all_calls"
    SEE_AUDIT = "see_audit"  # who changed what of a record
    DEMO_CALL = "demo_call"


_AGENT = frozenset(
    {
        Permission.OWN_SESSION,
        Permission.SEE_LIVE,
        Permission.WORK_AT_DESK,
        Permission.SEE_CUSTOMERS,
        Permission.EDIT_CUSTOMERS,
        Permission.SEE_OWN_CALLS,
        Permission.DEMO_CALL,
    }
)

ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.AGENT: _AGENT,
    Role.SUPERVISOR: _AGENT | {Permission.SEE_ALL_CALLS, Permission.SEE_AUDIT},
    Role.ADMIN: frozenset(Permission),
}


def may(role: Role, permission: Permission) -> bool:
    """Whether that role has that permission."""
    return permission in ALLOWED[role]
