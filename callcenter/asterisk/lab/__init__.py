"""A private Asterisk that runs the project's own dialplan: for tests and for trying (`make asterisk`)."""

from callcenter.asterisk.lab.files import EXTENSIONS, LabPorts, LabSettings
from callcenter.asterisk.lab.install import AsteriskInstall, AsteriskMissing, find_asterisk
from callcenter.asterisk.lab.private import AsteriskLab, LabError, ManagerLogin

__all__ = [
    "EXTENSIONS",
    "AsteriskInstall",
    "AsteriskLab",
    "AsteriskMissing",
    "LabError",
    "LabPorts",
    "LabSettings",
    "ManagerLogin",
    "find_asterisk",
]
