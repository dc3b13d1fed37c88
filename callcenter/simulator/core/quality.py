"""The five variables in which PJSIP tells a call's audio quality at its end."""

from __future__ import annotations

QUALITY = (
    (
        "RTPAUDIOQOS",
        "ssrc=40265192;themssrc=1609640488;lp=0;rxjitter=0.000375;rxcount=100;txjitter=0.000500;"
        "txcount=100;rlp=0;rtt=0.000000;rxmes=88.087887;txmes=0.000000",
    ),
    (
        "RTPAUDIOQOSJITTER",
        "minrxjitter=000.000000;maxrxjitter=000.000375;avgrxjitter=000.000188;stdevrxjitter=000.000188;"
        "mintxjitter=000.000000;maxtxjitter=000.000000;avgtxjitter=000.000000;stdevtxjitter=000.000000;",
    ),
    (
        "RTPAUDIOQOSLOSS",
        "  minrxlost=000.000000;  maxrxlost=000.000000;  avgrxlost=000.000000;  stdevrxlost=000.000000;"
        "  mintxlost=000.000000;  maxtxlost=000.000000;  avgtxlost=000.000000;  stdevtxlost=000.000000;",
    ),
    (
        "RTPAUDIOQOSRTT",
        "     minrtt=000.000000;     maxrtt=000.000000;     avgrtt=000.000000;     stdevrtt=000.000000;",
    ),
    (
        "RTPAUDIOQOSMES",
        "   minrxmes=000.000000;   maxrxmes=000.000000;   avgrxmes=000.000000;   stdevrxmes=000.000000;"
        "   mintxmes=000.000000;   maxtxmes=000.000000;   avgtxmes=000.000000;   stdevtxmes=000.000000;",
    ),
)
"""What a short loopback call gave on the real one; only the size of this traffic matters."""
