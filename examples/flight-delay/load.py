"""Sends real flights to a server as a booking system would, at a steady rate, and counts the answers.

Run: python load.py --port PORT [--rate 100] [--seconds 30]        ends early, with its counts, on SIGTERM
"""

import argparse
import http.client
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb

DATA = Path(__file__).parent / "data"
# What is only known after the flight has left is not in a request.
UNKNOWN_YET = ["dep_delay", "air_time", "arr_delay", "late"]
CONNECTIONS, USERS, TIMEOUT = 8, 2_000, 5.0


def main() -> None:
    arguments = argparse.ArgumentParser(description="Send flights to 127.0.0.1, bounded in rate and time.")
    arguments.add_argument("--port", required=True, type=int)
    arguments.add_argument("--rate", default=100, type=int, choices=range(1, 501), metavar="1..500", help="a second")
    arguments.add_argument("--seconds", default=30, type=int, choices=range(1, 601), metavar="1..600")
    arguments.add_argument("--period", default="later", choices=["test", "later"])
    given = arguments.parse_args()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    statuses = send(given.port, requests(given.period), given.rate, given.seconds, stop)
    print(json.dumps({"sent": sum(statuses.values()), "statuses": dict(sorted(statuses.items()))}), flush=True)


def requests(period: str) -> list[bytes]:
    """One JSON body a flight, in a fixed shuffled order: null for what is missing, times as text.

    The live feed has no delay to tell while no flight has left, and says null.
    """
    flights = duckdb.read_parquet(str(DATA / f"{period}.parquet")).project(
        f"""* EXCLUDE ({", ".join(UNKNOWN_YET)}) REPLACE (
            day::VARCHAR AS day,
            strftime(scheduled, '%Y-%m-%dT%H:%M:%S') AS scheduled,
            CASE WHEN recent_departures > 0 THEN recent_delay END AS recent_delay)"""
    )
    rows = flights.fetchall()
    random.Random(0).shuffle(rows)
    return [json.dumps([dict(zip(flights.columns, row, strict=True))]).encode() for row in rows]


def send(port: int, bodies: list[bytes], rate: int, seconds: int, stop: threading.Event) -> Counter[str]:
    """Counts answers by status, and requests that got none as `none`; ends after `seconds` or when `stop` is set."""
    statuses: Counter[str] = Counter()
    lock, start = threading.Lock(), time.monotonic()
    turns = iter(range(rate * seconds))

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        while (turn := locked_next(lock, turns)) is not None:
            stopped = stop.wait(max(0.0, start + turn / rate - time.monotonic()))
            if stopped or time.monotonic() > start + seconds:
                break
            status = ask(connection, bodies[turn % len(bodies)], user=f"user-{turn * 7919 % USERS}")
            with lock:
                statuses[status] += 1
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return statuses


def locked_next(lock: threading.Lock, turns: Iterator[int]) -> int | None:
    with lock:
        return next(turns, None)


def ask(connection: http.client.HTTPConnection, body: bytes, user: str) -> str:
    """The status of one request, or `none`; the connection stays open for the next one."""
    try:
        connection.request("POST", "/predict", body, {"Content-Type": "application/json", "X-User": user})
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return "none"
    return str(response.status)


if __name__ == "__main__":
    main()
