"""Does everything between us and the PBX work, and if not, what is to be done?

    for check in await run_checks(settings): …

Nothing in the PBX is changed; the only calls made are Local channels into `callcenter-doctor`.
"""

from callcenter.asterisk.doctor.checks import Check, CheckName
from callcenter.asterisk.doctor.examination import DoctorSettings, run_checks

__all__ = ["Check", "CheckName", "DoctorSettings", "run_checks"]
