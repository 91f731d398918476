"""For `exec:` as a metrics-source: what the stand-in for Azure Monitor has counted, without waiting for its minutes."""

from __future__ import annotations

import json
import os
import urllib.request
from urllib.parse import quote

from azureml_fake import BASE
from mlops_actions.canary_deploy.metrics.azureml import counts_of

path = f"{BASE}/onlineEndpoints/flights/providers/Microsoft.Insights/metrics"
query = f"api-version=2023-10-01&timespan={quote('2020-01-01T00:00:00Z/2100-01-01T00:00:00Z')}"
request = urllib.request.Request(
    f"{os.environ['AZURE_RESOURCE_MANAGER_ENDPOINT']}{path}?{query}", headers={"Authorization": "Bearer of-the-script"}
)
with urllib.request.urlopen(request, timeout=30) as answer:
    found = counts_of(json.load(answer)["value"][0])
counted = {}
for side in ("stable", "candidate"):
    counts = found.get(os.environ[f"MLOPS_{side.upper()}"])
    counted[side] = {"requests": counts.total if counts else 0, "errors": counts.bad if counts else 0}
print(json.dumps(counted))
