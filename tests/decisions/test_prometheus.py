from __future__ import annotations

from nightrun.decisions import prometheus


def test_label_values_are_escaped() -> None:
    facts = {
        "version": 'a"b\\c\nd',
        "build_id": "x",
        "started_at": 1.5,
        "counts": {"by_status": {"pending": 2}, "by_commit_state": {}},
        "window": {
            "execution_time": {"p50_seconds": 3, "p95_seconds": 9},
            "success_rate": {"completed": 1, "failed": 1, "rate": 0.5},
            "last_evaluation": 7.0,
        },
        "ready": 1,
        "issues": [{"severity": "high"}],
        "pauses": [],
    }
    lines = prometheus.text(facts).splitlines()
    assert r'nightrun_build_info{version="a\"b\\c\nd",build_id="x"} 1' in lines
    assert 'nightrun_execution_seconds{quantile="0.95"} 9' in lines
    assert 'nightrun_issues_open{severity="high"} 1' in lines
    assert "nightrun_last_evaluation_time_seconds 7.0" in lines
    assert prometheus.text(facts).endswith("\n")
