"""The policy: `pipeline.yaml` as checked data."""
