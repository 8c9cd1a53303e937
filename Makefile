# Everything one can do here; `make` alone shows it. A variable is the flag of the same name of the command.

.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3

VARIABLES := ACTION AFTER AGENT ALL ATTEMPT CRON DIRECTION DROP DRY_RUN FOLLOW FORCE HOURS JSON KEEP LINES NAME ONCE ONLY \
	PRIORITY RANGE REPLAY REPO RUNNERS SANDBOX SINCE TASK TEST TEXT TYPE UNDO UNTIL YES

# What stands on make's command line reaches the program as it was written: by the environment and not expanded, since
# make would run $(shell ...) in a text and the shell would run what is between backticks.
GIVEN := $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(v)))),$(v)))
UNKNOWN := $(filter-out $(VARIABLES) PYTHON,$(GIVEN))
ifneq ($(strip $(UNKNOWN)),)
$(error There is no variable $(UNKNOWN). There are: $(VARIABLES))
endif
$(foreach v,$(filter $(VARIABLES),$(GIVEN)),$(eval unexport $(v))$(eval export NIGHTRUN_ARG_$(v) := $$(value $(v))))
export NIGHTRUN_CALLED_BY_MAKE := 1
# A make that a gate runs somewhere else is not to take these variables for its own.
unexport MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

READY := .venv/.ready
READY_DEV := .venv/.ready-dev
RUN := .venv/bin/python -P -m
NIGHTRUN := $(RUN) nightrun

# A checkout that was moved, or whose Python is gone, is set up again.
ifneq ($(shell head -n 1 $(READY) 2>/dev/null),$(CURDIR))
MOVED := _moved
endif
ifeq ($(wildcard .venv/bin/python),)
MOVED := _moved
endif

$(READY): requirements.lock pyproject.toml $(MOVED)
	@$(PYTHON) tools/bootstrap.py

$(READY_DEV): requirements-dev.lock $(READY)
	@$(PYTHON) tools/bootstrap.py dev

.PHONY: _moved
_moved:

##@ Start

.PHONY: setup demo adopt doctor drill
setup: $(READY) ## Install virtual environment and git hooks; safe to repeat [REPO=]
	@$(NIGHTRUN) setup
demo: $(READY) ## Show the whole loop on a scratch repository, in about a minute
	@$(NIGHTRUN) demo
adopt: $(READY) ## Set up another repository: REPO= [FORCE=1 UNDO=1]
	@$(NIGHTRUN) adopt
doctor: $(READY) ## Check machine, repository, hooks, agents and policy [REPO= JSON=1]
	@$(NIGHTRUN) doctor
drill: $(READY) ## Fire drill on a clone: tries what agents must not do [REPO= ONLY=push KEEP=1]
	@$(NIGHTRUN) drill

##@ Run

.PHONY: autonomous overnight service stop pause resume
autonomous: $(READY) ## Run everything in the foreground [REPO= RUNNERS= HOURS= UNTIL=idle]
	@$(NIGHTRUN) autonomous
overnight: $(READY) ## The same for HOURS=8, then the report [REPO= RUNNERS= HOURS=]
	@$(NIGHTRUN) overnight
service: $(READY) ## Let it start by itself: ACTION=install|uninstall|status [RUNNERS= CRON=1]
	@$(NIGHTRUN) service
stop: $(READY) ## End a run in order; nothing is lost [REPO=]
	@$(NIGHTRUN) stop
pause: $(READY) ## Take no new tasks [REPO= TEXT='why']
	@$(NIGHTRUN) pause
resume: $(READY) ## Take tasks again [REPO=]
	@$(NIGHTRUN) resume

##@ Work

.PHONY: task backlog decide commit verify undo push clean
task: $(READY) ## Add a task: TYPE=impl DIRECTION='...' [PRIORITY= AFTER= AGENT=]
	@$(NIGHTRUN) task
backlog: $(READY) ## What is in the backlog, what was done, what is next [JSON=1]
	@$(NIGHTRUN) backlog
decide: $(READY) ## List open decisions; answer one: TASK= TEXT='...' [DROP=1]
	@$(NIGHTRUN) decide
commit: $(READY) ## Commit and land a finished change by hand: TASK=
	@$(NIGHTRUN) commit
verify: $(READY) ## Run the gate again on recorded commits [RANGE=main~5..main]
	@$(NIGHTRUN) verify
undo: $(READY) ## Revert commits of the pipeline, after showing which: TASK= or SINCE=12h [YES=1]
	@$(NIGHTRUN) undo
clean: $(READY) ## Remove what attempts left and nobody needs, after showing it [ALL=1 YES=1]
	@$(NIGHTRUN) clean
push: $(READY) ## Your own push, after showing what would leave [YES=1]
	@$(NIGHTRUN) push

##@ Look

.PHONY: monitor status report logs explain agents policy notify check-messages
monitor: $(READY) ## Watch it live; one page when piped [ONCE=1 JSON=1 REPLAY=HISTORY]
	@$(NIGHTRUN) monitor
status: $(READY) ## How it stands now, on one page [JSON=1]
	@$(NIGHTRUN) status
report: $(READY) ## What happened, failures first [SINCE=12h JSON=1]
	@$(NIGHTRUN) report
logs: $(READY) ## What the agent of a task printed: TASK= [ATTEMPT= FOLLOW=1]
	@$(NIGHTRUN) logs
explain: $(READY) ## Why a task or an issue is where it is: TASK= [JSON=1]
	@$(NIGHTRUN) explain
agents: $(READY) ## The agents, and which of them can work here [JSON=1]
	@$(NIGHTRUN) agents
policy: $(READY) ## Check pipeline.yaml
	@$(NIGHTRUN) policy check
notify: $(READY) ## Who is told about issues; TEST=1 sends a test message [JSON=1]
	@$(NIGHTRUN) notify
check-messages: $(READY) ## Check the messages of commits that no hook has seen: RANGE=main..HEAD
	@$(NIGHTRUN) check-messages

##@ Develop

.PHONY: check lint types test soak bench simulate night matrix docs picture drill-page
check: lint types test ## Everything that CI checks
lint: $(READY_DEV) ## Style of the code
	@$(RUN) ruff check . && $(RUN) ruff format --check .
types: $(READY_DEV) ## Types of the code
	@$(RUN) mypy
test: $(READY_DEV) ## The tests
	@$(RUN) pytest -q -m "not soak" -n auto --dist loadfile --no-loadscope-reorder
soak: $(READY_DEV) ## The slow tests, with the figures they print
	@$(RUN) pytest -rP -m soak
bench: $(READY_DEV) ## Measure what it costs, into docs/benchmarks.md
	@.venv/bin/python -m tests.bench
simulate: $(READY_DEV) ## Repeat the simulations of alarms and heals, into docs/benchmarks.md
	@.venv/bin/python -m tests.simulate
night: $(READY_DEV) ## Repeat the recorded night of 60 tasks and the kills, into docs/night.md
	@.venv/bin/python -m tests.nights
matrix: $(READY_DEV) ## Kill and hang each part and see what comes back, into docs/benchmarks.md
	@.venv/bin/python -m tests.matrix
docs: $(READY_DEV) ## Write the generated pages of docs/ anew
	@.venv/bin/python -m tests.docs
picture: $(READY_DEV) ## Run the demo and put what it prints into README.md
	@.venv/bin/python -m tests.picture
drill-page: $(READY_DEV) ## Run the drill here and on a scratch repository, into docs/drill.md
	@.venv/bin/python -m tests.drill_page

.PHONY: lock clean-venv help
lock: ## Choose the newest versions of everything that is needed
	@$(PYTHON) tools/bootstrap.py lock
clean-venv: ## Remove the virtual environment
	@rm -rf .venv
help: ## Show this
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {print "\n" substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' Makefile
