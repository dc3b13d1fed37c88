"""`python -m callcenter.asterisk.lab`: a running Asterisk to register softphones with and to call."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from callcenter.asterisk.lab import AsteriskLab, AsteriskMissing, LabError, LabSettings
from callcenter.asterisk.lab.private import free_ports


def _welcome(lab: AsteriskLab) -> str:
    ports, settings = lab.ports, lab.settings
    phones = "\n".join(
        f"    {one}  password {settings.phone_secret}  sip:{one}@127.0.0.1:{ports.sip}"
        for one in settings.phones
    )
    return (
        f"Asterisk runs in {lab.folder}; everything listens on 127.0.0.1 only. Ctrl-C stops it.\n\n"
        f"  AMI      port {ports.manager}, "
        f"user {settings.manager_username}, secret {settings.manager_secret}\n"
        f"  FastAGI  the dialplan calls the server at {settings.fastagi}\n"
        f"  SIP      port {ports.sip} (UDP), WebSocket ws://127.0.0.1:{ports.http}/ws\n"
        f"  phones\n{phones}\n\n"
        "The server's settings file for it:\n"
        f'  [asterisk]\n  port = {ports.manager}\n  username = "{settings.manager_username}"\n'
        f'  secret = "{settings.manager_secret}"\n  doctor_secret = "{settings.doctor_secret}"\n\n'
        "From a phone call 2000 for the call center, 600 to hear yourself, 1001…1004 for another phone.\n"
        f"A call that comes in from outside: sipp -sn uac 127.0.0.1:{ports.sip} -s 14155550100 -m 1\n"
        "Without the server running, callers go to the fallback queue, which rings all phones.\n"
    )


async def _run(settings: LabSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    ports = free_ports(manager=5038, http=8088, sip=5060)
    async with AsteriskLab(settings, ports=ports) as lab:
        print(_welcome(lab), flush=True)
        await stop.wait()


def main() -> int:
    """Run until Ctrl-C. Exit 1 with one line where it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m callcenter.asterisk.lab", description=__doc__)
    parser.add_argument("--fastagi", default=LabSettings().fastagi, help="host:port of the server's FastAGI")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(_run(LabSettings(fastagi=arguments.fastagi)))
        except (AsteriskMissing, LabError, ValueError) as error:
            print(f"asterisk: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
