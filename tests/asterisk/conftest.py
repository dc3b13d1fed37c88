"""The real PBX for everything in this folder."""

from tests.pbx.fixtures import asterisk_lab, real_pbx

__all__ = ["asterisk_lab", "real_pbx"]
