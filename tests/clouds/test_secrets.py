"""Tokens and keys are planted in the environment; nothing that is printed or written afterwards holds one."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from hub_fake import GOOD, OWNER, HubFake
from sagemaker_site import BUCKET, REGION, Aws

ROOT = Path(__file__).resolve().parents[2]


def judged_and_promoted(folder: Path, registry: str, log: str, environment: dict[str, str]) -> tuple[int, str]:
    """Gate a model and promote it into a registry; exit code, and all that was printed or written."""
    folder.mkdir()
    (folder / "model.joblib").write_bytes(secrets.token_bytes(20))
    (folder / "metrics.json").write_text(json.dumps({"accuracy": 0.9}))
    variables = {**os.environ, **environment, "PYTHONPATH": str(ROOT / "python/src"), "CI": ""}
    place = ["--registry", registry, "--log", log, "--name", "flight-delay", "--model", "model.joblib"]
    judging = ["quality-gate", *place, "--metrics-file", "metrics.json", "--rules", "accuracy > 0.8"]
    said, code = "", 0
    for arguments in (judging, ["promote-champion", *place], ["history", *place[:6]]):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "mlops_actions", *arguments],
            cwd=folder, env=variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        said, code = said + done.stdout + done.stderr, code or done.returncode
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return code, said + written.decode(errors="replace")


def test_awss_keys_are_told_to_nobody(aws: Aws, tmp_path: Path) -> None:
    planted = {
        name: secrets.token_hex(16) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    }
    log = f"s3://{BUCKET}/secrets-{secrets.token_hex(4)}"
    code, said = judged_and_promoted(tmp_path / "good", f"sagemaker:{REGION}", log, planted)
    assert code == 0, said
    aws.refuse("DescribeModelPackageGroup", 400, "AccessDeniedException", times=9)
    code, refused = judged_and_promoted(tmp_path / "refused", f"sagemaker:{REGION}", log, planted)
    assert (code, "sagemaker:DescribeModelPackageGroup" in refused) == (2, True), refused
    assert not [name for name, value in planted.items() if value in said + refused]


@pytest.mark.parametrize(("token", "expected"), [(GOOD, 0), ("hf_expired_" + secrets.token_hex(16), 2)])
def test_a_token_of_the_hub_is_told_to_nobody(tmp_path: Path, token: str, expected: int) -> None:
    hub = HubFake()
    try:
        environment = {"HF_ENDPOINT": hub.address, "HF_TOKEN": token, "HOME": str(tmp_path / "home")}
        place = f"hf:{OWNER}", f"file:{tmp_path}/log"
        code, said = judged_and_promoted(tmp_path / "project", *place, environment)
    finally:
        hub.close()
    assert code == expected, said
    assert ("HF_TOKEN" in said) is (expected == 2)
    written = [path.read_bytes() for path in (tmp_path / "log").rglob("*") if path.is_file()]
    assert token.encode() not in b"".join(written) + said.encode()
