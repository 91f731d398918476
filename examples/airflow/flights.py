"""Train every night, and promote only what passes: the actions as tasks of Airflow.

A task is the command line in the project's folder, with what mlops.yml says there. Its exit code is the decision.
"""

import os
from datetime import UTC, datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = os.environ.get("FLIGHTS_PROJECT", "/opt/airflow/projects/flights")  # all workers see this folder
MODEL = "build/model.joblib"
NOT_GOOD_ENOUGH = [1, 3]  # fail and inconclusive: the champion stays, and the run is green


def task(name: str, command: str, **settings: object) -> BashOperator:
    return BashOperator(task_id=name, bash_command=command, cwd=PROJECT, append_env=True, **settings)


with DAG(
    "flights",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,  # the registry would refuse the second promotion anyway
    tags=["mlops-actions"],
) as dag:
    train = task("train", "python train.py")
    validate = task("validate_data", "mlops-actions validate-data")
    evaluate = task("evaluate_model", "mlops-actions evaluate-model")
    gate = task("quality_gate", f"mlops-actions quality-gate --model {MODEL}", skip_on_exit_code=NOT_GOOD_ENOUGH)
    promote = task("promote_champion", f"mlops-actions promote-champion --model {MODEL}")
    train >> validate >> evaluate >> gate >> promote
