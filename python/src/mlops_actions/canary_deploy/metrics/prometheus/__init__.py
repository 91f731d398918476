"""Prometheus as a source of metrics: raw counters of both versions, all of them as of one moment."""

from mlops_actions.canary_deploy.metrics.prometheus.source import PrometheusCounters, open_source

__all__ = ["PrometheusCounters", "open_source"]
