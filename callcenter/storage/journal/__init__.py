"""The journal's one writer: takes entries at any time, commits them in groups, survives a bad database."""

from callcenter.storage.journal.backlog import JournalLimits
from callcenter.storage.journal.writer import JournalStats, JournalWriter, open_journal

__all__ = ["JournalLimits", "JournalStats", "JournalWriter", "open_journal"]
