"""Why a model may not be promoted: pure, from its statements, the promotion's conditions and the registry's head."""

from mlops_actions.promote_champion.refusals.codes import CODES, Code, overridable
from mlops_actions.promote_champion.refusals.grounds import Again, Conditions, Grounds
from mlops_actions.promote_champion.refusals.hosted import moved_by_hand
from mlops_actions.promote_champion.refusals.judge import refusals

__all__ = ["CODES", "Again", "Code", "Conditions", "Grounds", "moved_by_hand", "overridable", "refusals"]
