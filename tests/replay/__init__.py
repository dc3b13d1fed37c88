"""Recordings of a real Asterisk, replayed through the tracker and compared with what the phones heard."""
