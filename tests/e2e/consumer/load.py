"""Users of the service: `load.py PORT SECONDS` sends some 400 requests a second, one after the other, for as long."""

import contextlib
import http.client
import sys
import time


def send(port: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            for _ in range(100):
                connection.request("GET", "/predict")
                connection.getresponse().read()
                time.sleep(0.002)
        time.sleep(0.02)


if __name__ == "__main__":
    send(int(sys.argv[1]), float(sys.argv[2]))
