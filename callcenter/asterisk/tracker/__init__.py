"""AMI events in, neutral call events out: who is in which call, who rings, who really hears whom. Pure."""

from callcenter.asterisk.tracker.snapshot import Snapshot, SnapshotChannel, take_snapshot
from callcenter.asterisk.tracker.tracker import ChannelTracker

__all__ = ["ChannelTracker", "Snapshot", "SnapshotChannel", "take_snapshot"]
