"""A contract in the Open Data Contract Standard, read into rules."""

from mlops_actions.validate_data.contract.reading import Tables, parse_contract, read_contract

__all__ = ["Tables", "parse_contract", "read_contract"]
