"""What pip was told on a machine is told to uv."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from harness.checkout import ROOT


@pytest.fixture(scope="module")
def install() -> ModuleType:
    specification = importlib.util.spec_from_file_location("install", ROOT / "python/requirements/install.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_environment_wins_over_a_section_and_that_over_global(install: ModuleType) -> None:
    listing = "\n".join([
        ":env:.index-url='https://environment.example/simple'",
        ":env:.config-file='/etc/pip.conf'",
        "global.index-url='https://global.example/simple'",
        "global.timeout='60'",
        "install.timeout='90'",
        "download.timeout='1'",
        'global.proxy="http://it\'s.example"',
    ])  # fmt: skip
    settings = install.read_pip_settings(listing)
    assert settings["index-url"] == "https://environment.example/simple"
    assert settings["timeout"] == "90"
    assert settings["proxy"] == "http://it's.example"


def test_every_setting_that_decides_where_files_come_from_reaches_uv(install: ModuleType, tmp_path: Path) -> None:
    pip = {
        "index-url": "https://mirror.example/simple",
        "extra-index-url": "https://one.example/simple\nhttps://two.example/simple",
        "find-links": f"{tmp_path} {tmp_path}/gone https://links.example",
        "trusted-host": "mirror.example",
        "cert": "/etc/company.pem",
        "no-index": "false",
        "default-timeout": "30",
    }
    assert install.uv_settings(pip, {}) == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_FIND_LINKS": f"{tmp_path},https://links.example",
        "UV_INSECURE_HOST": "mirror.example",
        "UV_HTTP_TIMEOUT": "30",
        "SSL_CERT_FILE": "/etc/company.pem",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_what_the_user_told_uv_itself_stays(install: ModuleType) -> None:
    assert install.uv_settings({"index-url": "https://pip.example"}, {"UV_DEFAULT_INDEX": "https://uv.example"}) == {}
    assert install.uv_settings({"index-url": "https://pip.example"}, {"UV_INDEX_URL": "https://uv.example"}) == {}
