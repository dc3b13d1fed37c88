"""A SIP phone in a process of its own: `python softphone.py '<json settings>'`, driven by JSON lines.

Reads commands from standard input (`{"id": 1, "do": "answer"}`), writes `{"re": 1, "error": null}` and what
happens (`{"event": "ringing", "call": 0, …}`). A process for each phone, because PJSIP is one phone a
process and aborts the whole process on some misuse. It plays a tone of its own and records what it hears,
so that a test can measure who heard whom.

Settings: user, secret ("" = no registration), server ("127.0.0.1:5060"), port (0 = any), tone (WAV file
or ""), lines (calls at once), heard (folder for recordings or "").
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import time
from pathlib import Path
from typing import Any

import pjsua2 as pj

PUMP_MS = 5
MAX_CALLS = 8
CLOSING_MS = 150
GOODBYE_SECONDS = 1.0  # for BYE and un-REGISTER to be answered


def tell(**words: Any) -> None:
    sys.stdout.write(json.dumps({"at": time.time(), **words}) + "\n")
    sys.stdout.flush()


class PhoneCall(pj.Call):
    """One call of the phone. PJSIP calls back on the main thread only, from `libHandleEvents`."""

    def __init__(self, phone: SoftPhone, account: pj.Account, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self.phone = phone
        self.number = phone.next_number()
        self.state = "ringing" if call_id != pj.PJSUA_INVALID_ID else "calling"
        self.recorder: pj.AudioMediaRecorder | None = None
        phone.calls[self.number] = self

    def onCallState(self, prm: pj.OnCallStateParam) -> None:
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.state = "talking"
            tell(event="talking", call=self.number)
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.state = "ended"
            self.recorder = None
            tell(event="ended", call=self.number, code=info.lastStatusCode, reason=info.lastReason)
            self.phone.calls.pop(self.number, None)
            self.phone.gone.append(self)  # deleted outside of its own callback

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:
        info = self.getInfo()  # kept: its media belong to it and are freed with it
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self._listen(self.getAudioMedia(index))

    def _listen(self, audio: pj.AudioMedia) -> None:
        if self.phone.player is not None:
            self.phone.player.startTransmit(audio)
        if self.phone.heard:
            path = f"{self.phone.heard}/{self.phone.user}-{time.time():.3f}.wav"
            self.recorder = pj.AudioMediaRecorder()
            self.recorder.createRecorder(path)
            audio.startTransmit(self.recorder)
            tell(event="listening", call=self.number, file=path)

    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:
        tell(event="digit", call=self.number, digit=prm.digit)

    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:
        tell(event="transfer", call=self.number, code=prm.statusCode, final=prm.finalNotify)
        if prm.finalNotify and 200 <= prm.statusCode < 300:
            with contextlib.suppress(pj.Error):
                self.hangup(pj.CallOpParam(True))


class PhoneAccount(pj.Account):
    phone: SoftPhone

    def onRegState(self, prm: pj.OnRegStateParam) -> None:
        here = prm.code == 200 and prm.expiration > 0
        self.phone.signed_in = here
        tell(event="registered", ok=here, code=prm.code)

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        call = PhoneCall(self.phone, self, prm.callId)
        if len(self.phone.calls) > self.phone.lines:
            busy = pj.CallOpParam()
            busy.statusCode = pj.PJSIP_SC_BUSY_HERE
            call.answer(busy)
            tell(event="refused", call=call.number, lines=len(self.phone.calls) - 1)
            return
        ringing = pj.CallOpParam()
        ringing.statusCode = pj.PJSIP_SC_RINGING
        call.answer(ringing)
        headers = _headers(prm.rdata.wholeMsg)
        tell(
            event="ringing",
            call=call.number,
            caller=headers.get("from", ""),
            reference=headers.get("x-call-ref", ""),
        )


def _headers(message: str) -> dict[str, str]:
    lines = (line.partition(":") for line in message.splitlines()[1:])
    return {name.strip().lower(): value.strip() for name, _, value in lines}


class SoftPhone:
    """The commands, one method each (`do_answer`); the newest call is meant where several are up."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.user: str = settings["user"]
        self.server: str = settings["server"]
        self.heard: str = settings["heard"]
        self.lines: int = settings["lines"]
        self.calls: dict[int, PhoneCall] = {}
        self.gone: list[PhoneCall] = []
        self.player: pj.AudioMediaPlayer | None = None
        self.stopping = False
        self.signed_in = False
        self._count = 0
        self._endpoint = self._start_endpoint(settings["port"])
        if settings["tone"]:
            self.player = pj.AudioMediaPlayer()
            self.player.createPlayer(settings["tone"])
        self.account = self._sign_in(settings["secret"])

    def next_number(self) -> int:
        self._count += 1
        return self._count

    def _start_endpoint(self, port: int) -> pj.Endpoint:
        endpoint = pj.Endpoint()
        endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.maxCalls = MAX_CALLS
        config.medConfig.clockRate = 8000
        config.medConfig.sndClockRate = 8000
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        config.logConfig.level = 0
        config.logConfig.consoleLevel = 0
        endpoint.libInit(config)
        transport = pj.TransportConfig()
        transport.boundAddress = "127.0.0.1"
        transport.port = port
        endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
        for codec in endpoint.codecEnum2():
            endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith("PCMU/") else 0)
        return endpoint

    def _sign_in(self, secret: str) -> PhoneAccount:
        config = pj.AccountConfig()
        config.idUri = f"sip:{self.user}@{self.server}"
        config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
        if secret:
            config.regConfig.registrarUri = f"sip:{self.server}"
            config.regConfig.timeoutSec = 300
            config.regConfig.retryIntervalSec = 1
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", self.user, 0, secret))
        account = PhoneAccount()
        account.phone = self
        account.create(config)
        if not secret:
            tell(event="registered", ok=True, code=0)
        return account

    # -- commands

    def do_call(self, *, exten: str, number: str, name: str) -> None:
        call = PhoneCall(self, self.account)
        tell(event="calling", call=call.number)
        options = pj.CallOpParam(True)
        if number or name:
            label = name.replace("\\", "").replace('"', "")
            options.txOption.localUri = f'"{label}" <sip:{number or "anonymous"}@127.0.0.1>'
        call.makeCall(f"sip:{exten}@{self.server}", options)

    def do_answer(self) -> None:
        options = pj.CallOpParam()
        options.statusCode = pj.PJSIP_SC_OK
        self._one("ringing").answer(options)

    def do_decline(self, *, code: int) -> None:
        options = pj.CallOpParam()
        options.statusCode = code
        self._one("ringing").answer(options)

    def do_forward(self, *, to: str) -> None:
        options = pj.CallOpParam()
        options.statusCode = 302
        contact = pj.SipHeader()
        contact.hName = "Contact"
        contact.hValue = f"<sip:{to}@{self.server}>"
        options.txOption.headers.append(contact)
        self._one("ringing").answer(options)

    def do_hang_up(self) -> None:
        for call in list(self.calls.values()):
            call.hangup(pj.CallOpParam(True))

    def do_hang_up_last(self) -> None:
        self._one("calling", "talking", "ringing").hangup(pj.CallOpParam(True))

    def do_hold(self) -> None:
        self._one("talking").setHold(pj.CallOpParam(True))

    def do_unhold(self) -> None:
        options = pj.CallOpParam(True)
        options.opt.flag = pj.PJSUA_CALL_UNHOLD
        self._one("talking").reinvite(options)

    def do_dtmf(self, *, digits: str) -> None:
        self._one("talking").dialDtmf(digits)

    def do_blind_transfer(self, *, to: str) -> None:
        self._one("talking").xfer(f"sip:{to}@{self.server}", pj.CallOpParam(True))

    def do_replace(self) -> None:
        """REFER the oldest call so that it replaces the newest one."""
        calls = list(self.calls.values())
        if len(calls) < 2:
            raise RuntimeError("there are not two calls to join")
        calls[0].xferReplaces(calls[-1], pj.CallOpParam(True))

    def do_register(self) -> None:
        self.account.setRegistration(True)

    def do_die(self) -> None:
        """Vanish without a word, as a phone whose power is cut."""
        os._exit(9)

    def do_stop(self) -> None:
        self.stopping = True

    def _one(self, *states: str) -> PhoneCall:
        for call in reversed(self.calls.values()):
            if call.state in states:
                return call
        raise RuntimeError(f"no call is {' or '.join(states)} here")

    # -- the loop

    def run(self) -> None:
        pending = b""
        os.set_blocking(0, False)
        while not self.stopping:
            self.pump()
            if select.select([0], [], [], 0)[0]:
                chunk = os.read(0, 65536)
                if not chunk:
                    break
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))

    def pump(self) -> None:
        self._endpoint.libHandleEvents(PUMP_MS)
        while self.gone:
            del self.gone[0]

    def _obey(self, command: dict[str, Any]) -> None:
        number, word = command.pop("id"), command.pop("do")
        try:
            getattr(self, f"do_{word}")(**command)
        except pj.Error as error:
            tell(re=number, error=error.reason)
        except Exception as error:
            tell(re=number, error=str(error))
        else:
            tell(re=number, error=None)

    def say_goodbye(self) -> None:
        with contextlib.suppress(pj.Error):
            self._endpoint.hangupAllCalls()
            if self.signed_in:
                self.account.setRegistration(False)
        until = time.monotonic() + GOODBYE_SECONDS
        while time.monotonic() < until and (self.calls or self.signed_in):
            self.pump()
        if self.heard:  # recordings are closed by the media thread, a moment after their call
            self._endpoint.libHandleEvents(CLOSING_MS)
            time.sleep(CLOSING_MS / 1000)


def main() -> None:
    phone = SoftPhone(json.loads(sys.argv[1]))
    if phone.heard:
        Path(phone.heard).mkdir(parents=True, exist_ok=True)
    try:
        phone.run()
    finally:
        phone.say_goodbye()
        sys.stdout.flush()
        os._exit(0)  # libDestroy aborts if any call object is left; the process ends either way


if __name__ == "__main__":
    main()
