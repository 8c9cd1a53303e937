"""What nightrun costs, as ratios against a floor in one interleaved run: `make bench` writes docs/benchmarks.md."""
