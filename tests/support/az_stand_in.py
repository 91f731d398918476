"""Stands in for `az ml` before the stand-in for Azure: the commands that examples/azureml uses, and no other."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from azureml_fake import BASE

JOB = "brave_pear_1"
OPTIONS = ("file", "name", "endpoint-name", "output-name", "download-path", "request-file", "query", "output")


def main(words: list[str]) -> None:
    """Do what a command line of `az` asks for."""
    parser = argparse.ArgumentParser()
    for option in OPTIONS:
        parser.add_argument(f"--{option}")
    parser.add_argument("--all-traffic", action="store_true")
    command, given = " ".join(word for word in words[:3] if not word.startswith("-")), parser.parse_args(words[3:])
    if command == "ml job create":
        assert yaml.safe_load(Path(given.file).read_text())["type"] == "command"
        subprocess.run([sys.executable, "train.py"], check=True, stdout=sys.stderr)
        print(JOB)
    elif command == "ml job download":
        assert given.name == JOB
        goal = Path(given.download_path) / "named-outputs" / given.output_name
        goal.mkdir(parents=True)
        shutil.copy("build/model.joblib", goal)
    elif command == "ml online-deployment create":
        create(given)
    elif command == "ml online-endpoint invoke":
        json.loads(Path(given.request_file).read_text())
        print(ask("GET", f"/inference/{given.name}/score", below=""))
    elif command == "ml online-endpoint show":
        print(json.dumps(ask("GET", f"/onlineEndpoints/{given.name}")["properties"][given.query]))
    else:
        assert command in ("version", "ml job stream"), f"az {' '.join(words)}"


def create(given: argparse.Namespace) -> None:
    """Make a deployment of a file and give it all traffic."""
    declared = yaml.safe_load(Path(given.file).read_text())
    kind, name, version = declared["model"].split(":")
    assert kind == "azureml"
    model = ask("GET", f"/models/{name}/versions/{version}")
    properties = {"endpointComputeType": "Managed", "model": f"{BASE}/models/{name}/versions/{model['name']}"}
    path = f"/onlineEndpoints/{given.endpoint_name}"
    ask("PUT", f"{path}/deployments/{given.name}", body={"location": "westeurope", "properties": properties})
    assert given.all_traffic
    endpoint = {"authMode": "Key", "traffic": {given.name: 100}}
    ask("PUT", path, body={"location": "westeurope", "properties": endpoint})


def ask(method: str, path: str, body: object = None, below: str = BASE) -> Any:
    """One request to Azure."""
    url = f"{os.environ['AZURE_RESOURCE_MANAGER_ENDPOINT']}{below}{path}?api-version=2025-12-01"
    content = None if body is None else json.dumps(body).encode()
    token = "of-az" if below else os.environ["ENDPOINT_KEY"]
    request = urllib.request.Request(url, content, {"Authorization": f"Bearer {token}"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read().decode()
    try:
        return json.loads(text)
    except ValueError:
        return text


if __name__ == "__main__":
    main(sys.argv[1:])
