"""Your own command (`exec:COMMAND`), which opens every platform: `exec:./route.sh`, `exec:ssh edge sudo route`.

It is run without a shell, with one of these after its own arguments:

    set 5         give the candidate 5 % of the traffic
    get           print the candidate's share in percent, as the proxy has it and not as it was told
    counts        print {"stable": {"requests": 900, "errors": 9}, "candidate": {"requests": 100, "errors": 1}},
                  counted since `"since"` (Unix time, not required)
    health NAME   print {"healthy": true, "sha256": "…"}; asked only for a side that is given as no host:port

MLOPS_STABLE and MLOPS_CANDIDATE hold the two inputs. A status other than 0 is a failure, told by the last line of
its standard error.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from mlops_actions.canary_deploy import servers
from mlops_actions.canary_deploy.command import Command, read_command
from mlops_actions.canary_deploy.targets import weights
from mlops_actions.canary_deploy.targets.addresses import split_address
from mlops_actions.canary_deploy.targets.interface import Capabilities, Services, Side
from mlops_actions.errors import InputError, OutsideError


@dataclass(frozen=True)
class ExecTarget:
    """Routes by a command of the user's; see `Target`."""

    location: str
    services: Services
    command: Command
    kind: str = "exec"
    capabilities: Capabilities = field(
        default=Capabilities(least_weight=0.01, compare_and_swap=False, outlives_run=False)
    )

    def is_running(self) -> bool:
        """Whatever it steers is not ours to start."""
        return True

    def prepare(self) -> None:
        """Check that the stable side has all traffic."""
        weights.refuse_unless_at_rest(
            self, "After a promotion let the command's stable side be the promoted server, then set its weight to 0"
        )

    def reach(self) -> None:
        """Whether it answers."""
        self.weight()

    def weight(self) -> float:
        """What `get` prints."""
        printed = self.command.ask("get")
        with suppress(ValueError):
            if 0 <= (found := float(printed.removesuffix("%"))) <= 100:
                return found
        raise self.command.misunderstood("get", printed, "a percentage such as 5")

    def set_weight(self, percent: float, expected: float | None = None) -> None:
        """`set`, then `get` until it confirms."""
        weights.refuse_moved(self, expected, percent)
        self.command.ask("set", f"{percent:g}")
        weights.follow(self, percent)

    def probe(self, side: Side) -> servers.Probe:
        """Ask the server itself where it has an address, else the command."""
        name = self.services.of(side)
        try:
            split_address(name)
        except InputError:
            return self._health(name)
        return servers.probe(name, self.services.health_path)

    def stop(self) -> bool:
        """Nothing here was started by us."""
        return False

    def _health(self, name: str) -> servers.Probe:
        try:
            found = self.command.ask_document("health", name)
        except OutsideError as error:
            return servers.Probe(False, None, error.message.removesuffix("."))
        healthy, reported = found.get("healthy"), found.get("sha256")
        if not isinstance(healthy, bool):
            return servers.Probe(
                False, None, f"{self.command.shown(('health', name))} does not say whether it is healthy"
            )
        return servers.Probe(healthy, servers.read_digest(reported), "healthy" if healthy else "not healthy")


def open_target(location: str, services: Services) -> ExecTarget:
    """`exec:COMMAND`; nothing is run yet."""
    return ExecTarget(location, services, read_command(location, "target", services.stable, services.candidate))
