"""One cluster for all tests; each makes and removes what it needs there. Started by .ci/kubernetes."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from kubernetes_site import Cluster, cluster


@pytest.fixture(scope="session")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The API server."""
    if "MLOPS_TEST_APISERVER" not in os.environ:
        pytest.skip("no API server is named; .ci/kubernetes builds one and runs these tests")
    with cluster(tmp_path_factory.mktemp("kubernetes")) as made:
        yield made
