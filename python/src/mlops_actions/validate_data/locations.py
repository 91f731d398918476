"""Which tables of the contract are checked, and where their data is: by the inputs, or by the contract's servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_actions.errors import InputError, nearest
from mlops_actions.validate_data.contract import Tables

if TYPE_CHECKING:
    from mlops_actions.validate_data.action import Inputs


def locate(inputs: Inputs, contract: Tables) -> dict[str, str]:
    """Table → location; the first is what the report is about.

    Raises InputError where a table is not in the contract, stands twice, or nothing says where it is.
    """
    if inputs.data is None:
        return {**contract.locations(inputs.server, inputs.table), **_further(inputs, contract)}
    if inputs.server is not None:
        raise InputError("both name where the data is.", where="data, server", hint="Leave one of them out.")
    first = contract.pick(inputs.table)
    further = _further(inputs, contract)
    if first in further:
        raise InputError(f"the table {first!r} is given twice.", where="tables", hint="Leave it out: it is `data`.")
    return {first: inputs.data, **further}


def _further(inputs: Inputs, contract: Tables) -> dict[str, str]:
    for name in inputs.tables:
        if name not in contract.names:
            hint = nearest(name, contract.names)
            raise InputError(f"the contract has no table {name!r}.", where="tables", hint=hint)
    return inputs.tables
