"""Users of the service: `load.py PORT SECONDS` sends some 400 requests a second, one after the other, for as long."""

import contextlib
import http.client
import sys
import time

until = time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=2)
        for _ in range(100):
            connection.request("GET", "/predict")
            connection.getresponse().read()
            time.sleep(0.002)
    time.sleep(0.02)
