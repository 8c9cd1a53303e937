"""A recorded night: twelve behaviours of agents in one run of the whole pipeline, and what came of each task."""
