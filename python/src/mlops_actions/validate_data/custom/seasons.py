"""A season as the contract writes it: a column, a part of a date, or two of them crossed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_actions.evidence.slicing import Feature, Slicing, parse_slicing

if TYPE_CHECKING:
    import narwhals as nw
from mlops_actions.tables.questions import cells_of

MOST_SEASONS = 1000
_OF_DATES = ("year", "month", "day", "weekday", "hour")


def read_season(text: str) -> Slicing:
    """Read `scheduled.month`, `weekday` or `scheduled.month & scheduled.hour`; ValueError with what is wrong."""
    from mlops_actions.errors import InputError

    try:
        season = parse_slicing(text, (), "")
    except InputError as error:
        raise ValueError(f"{error.message} {error.hint or ''}".strip()) from None
    if any(one.bins or one.edges for one in season.features):
        raise ValueError("a season has no bins; write a column, or a part of a date such as scheduled.month")
    return season


def needs_a_date(season: Slicing) -> list[str]:
    """The columns of a season that have to be dates or timestamps."""
    return [one.column for one in season.features if one.part in _OF_DATES]


def season_of(season: Slicing) -> nw.Expr:
    """The season of each row; null where the row has none."""
    import narwhals as nw

    parts = [_part(feature) for feature in season.features]
    if len(parts) == 1:
        return parts[0]
    return nw.concat_str([part.cast(nw.String) for part in parts], separator=" & ")


def _part(feature: Feature) -> nw.Expr:

    cell = cells_of(feature.column)
    match feature.part:
        case None:
            return cell
        case "missing":
            return cell.is_null()
        case "year":
            return cell.dt.year()
        case "month":
            return cell.dt.month()
        case "day":
            return cell.dt.day()
        case "weekday":
            return cell.dt.weekday()
        case "hour":
            return cell.dt.hour()
