"""One suite of calls, played on the built-in PBX and on the real Asterisk: both must tell the same story."""
