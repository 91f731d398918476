"""Rows of Spark with their numbers, where the files know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from mlops_actions.tables.interface import StoredType
from mlops_actions.tables.spark.types import literal, logical, quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ROW = "mlops_row_number"


@dataclass(frozen=True)
class Reading:
    """How to select from the data."""

    data: DataFrame
    stored: dict[str, StoredType]
    order: Literal["stored", "counted"] | None
    """How a row's place in its file is known: the file says it; each file is read by one task, which counts; not."""
    seen: Reading | None = None
    """What this is a view of."""
    selected: tuple[str, ...] = ()
    """SQL of what the view selects there."""

    @cached_property
    def files(self) -> list[tuple[str, int, int]]:
        """Each file by path: its rows, and the first of what numbers them; costs a pass over no column."""
        from pyspark.sql import functions

        found = self._placed().groupBy("file").agg(functions.count("place"), functions.min("place")).collect()
        return sorted((str(file), int(rows), int(first)) for file, rows, first in found)

    @cached_property
    def numbered(self) -> DataFrame | None:
        """The rows and a column `ROW`, their numbers over all files in the order of the paths; None where not known."""
        if self.seen:
            numbered = self.seen.numbered
            return None if numbered is None else numbered.selectExpr(ROW, *self.selected)
        if self.order is None:
            return None
        starts, before = [], 0
        for _, rows, first in self.files:
            starts.append(before - (first if self.order == "counted" else 0))
            before += rows
        paths = ", ".join(literal(file) for file, *_ in self.files)
        numbers = ", ".join(f"{start}L" for start in starts)
        row = f"map_from_arrays(array({paths}), array({numbers}))[file] + place AS {ROW}"
        return self._placed().selectExpr(*map(quoted, self.stored), row)

    def select(self, selected: Sequence[str], stored: Mapping[str, StoredType]) -> Reading:
        """A view of these rows; what is not in `stored` has the type that Spark says."""
        data = self.data.selectExpr(*selected)
        types = {field.name: stored.get(field.name) or logical(field.dataType) for field in data.schema.fields}
        return Reading(data, types, self.order, self, tuple(selected))

    def _placed(self) -> DataFrame:
        from pyspark.sql import functions

        told = self.data.metadataColumn("_metadata")
        place = told.getField("row_index") if self.order == "stored" else functions.monotonically_increasing_id()
        return self.data.select("*", told.getField("file_path").alias("file"), place.alias("place"))
