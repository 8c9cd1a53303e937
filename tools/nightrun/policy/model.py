"""The policy: every key a person may set in `pipeline.yaml`, with its default, its unit and its effect."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nightrun.conditions.settings import Count, Duration, Flag, Ratio, Size
from nightrun.policy.monitor import Monitor
from nightrun.policy.section import Section
from nightrun.policy.task_types import Committing, TaskTypes
from nightrun.policy.values import (
    AgentName,
    Author,
    Branch,
    Command,
    Commands,
    Glob,
    MachinePaths,
    OwnVariable,
    Remote,
    RepositoryPath,
    RepositoryPaths,
    Text,
    TimeOfDay,
    TimeSpan,
    VariableName,
)

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
MINUTE = 60.0
HOUR = 3600.0

AtLeastOne = Annotated[int, Field(strict=True, ge=1)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
PROTECTED = (
    # the pipeline's own, make, and hooks
    *("pipeline.yaml", "pipeline.mk", "Makefile", "GNUmakefile", "hooks/**", ".husky/**", ".githooks/**"),
    *(".pre-commit-config.yaml", ".pre-commit-hooks.yaml", "lefthook.yml", ".lefthook.yml"),
    # what a CI runs
    *(".ci/**", ".github/**", ".gitlab-ci.yml", ".circleci/**", ".forgejo/**", ".gitea/**", ".woodpecker/**"),
    *(".buildkite/**", ".travis.yml", ".drone.yml", "Jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml"),
    # what git and editors obey
    *(".gitattributes", ".gitmodules", ".env", ".vscode/**", ".devcontainer/**"),
    # what agents obey
    *(".claude/**", ".codex/**", ".cursor/**", ".gemini/**", ".qwen/**", ".opencode/**", ".agents/**", ".pi/**"),
    *("AGENTS.md", "AGENTS.override.md", "CLAUDE.md", "CLAUDE.local.md", "GEMINI.md", "QWEN.md", ".goosehints"),
    *(".cursorrules", ".clinerules/**", ".windsurfrules", ".aider.conf.yml", "opencode.json", "opencode.jsonc"),
    ".mcp.json",
)


class Project(Section):
    """Where finished work goes, and how many tasks are worked on at once."""

    target: Branch | None = Field(
        default=None,
        description="Branch that finished work lands on. null: the branch that is checked out when the run starts.",
    )
    isolation: Literal["worktree", "root"] = Field(
        default="worktree",
        description="worktree: each attempt works in a worktree of its own, and your checkout is only fast-forwarded. "
        "root: one runner works in the project root itself and refuses to start while it has uncommitted changes.",
    )
    runners: Annotated[int, Field(strict=True, ge=1, le=64)] = Field(
        default=1, description="Number of tasks worked on at the same time. RUNNERS=n on the command line wins."
    )
    keep_awake: Flag = Field(
        default=True,
        description="Whether the machine is kept from going to sleep by itself while a run has work (systemd-inhibit, "
        "caffeinate). Closing a lid still does what the system is set to do.",
    )
    baseline: Annotated[bool, Field(strict=True)] = Field(
        default=True,
        description="Run a gate on the target branch itself before the first agent works on a commit that it has not "
        "passed on. When it fails there, the target is repaired first, where heal tasks may be added. false: only "
        "after an attempt failed.",
    )
    exchange: Remote | None = Field(
        default=None,
        description="Git remote through which runners on several machines exchange the branches of attempts; never "
        "the public remote. null: everything happens on this machine.",
    )


class AgentSettings(Section):
    """A program that does the work: a preset of the same name with changes, or a command of your own."""

    preset: str | None = Field(
        default=None,
        description="Built-in agent that this one starts from. null: the built-in agent of the same name, or none "
        "where `command` says everything.",
    )
    command: Command | None = Field(
        default=None,
        description="Program and arguments, run without a shell. {prompt}, {prompt_file} and {worktree} in it are "
        "replaced. null: the preset's own.",
    )
    prompt: Literal["argument", "stdin", "file"] | None = Field(
        default=None,
        description="How the program gets the prompt: as its last argument, on standard input, or in a file. "
        "null: as the preset does.",
    )
    args: tuple[Text, ...] = Field(default=(), description="Arguments added to the command line.")
    model: Text | None = Field(default=None, description="Model the agent is told to use. null: its own default.")
    env: dict[VariableName, Text] = Field(
        default={},
        description="Environment variables for this agent, as NAME: value. Not for secrets: this file is committed.",
    )
    pass_env: tuple[VariableName, ...] = Field(
        default=(),
        description="Names of variables of your own environment that this agent gets, such as an API key. All others "
        "are kept from it.",
    )


class Workspace(Section):
    """What a new worktree needs before an agent can work in it, and what agents and gates may reach."""

    setup: Commands = Field(
        default=(), description="Commands run in every new worktree before the agent starts, such as npm ci."
    )
    link: RepositoryPaths = Field(
        default=(),
        description="Untracked files and folders of the project root that are linked into every worktree, such as "
        "node_modules. A link is never committed. What it leads to can be changed through it.",
    )
    sandbox: Literal["auto", "bwrap", "off"] = Field(
        default="auto",
        description="Whether agents, gates and `setup` run in a sandbox of bubblewrap: they end when the runner does, "
        "write nowhere but in their worktree, and have a home folder without your credentials and files. auto: where "
        "it works, which `nightrun doctor` says. bwrap: nothing is begun without it. off: no sandbox.",
    )
    readable: MachinePaths = Field(
        default=(),
        description="Paths that they may read besides, such as ~/.config/tool; without a sandbox they read all.",
    )
    cache: Size = Field(
        default=5 * GIB,
        description="Largest cache of downloaded packages that sandboxed agents find again, and the same for gates and "
        "`setup`; looked at every ten minutes. One that is larger, or any when the disk is short, is emptied.",
    )
    writable: MachinePaths = Field(
        default=(),
        description="Paths that they may read and change, such as a cache, the login of an agent of your own, or "
        "/run/docker.sock. What is writable here is out of the guard: Docker gives whoever reaches it the machine.",
    )


class Commit(Section):
    """What the commits of completed tasks look like."""

    subject_length: Annotated[int, Field(strict=True, ge=50, le=500)] = Field(
        default=72, description="Longest subject line, in characters; the short direction is cut so that it fits."
    )
    body_length: Size = Field(
        default=16 * KIB, description="Longest copy of the direction in the body of the message, in bytes."
    )
    author: Author | None = Field(
        default=None, description="Author of the commits, as `Name <mail>`. null: the identity that git has here."
    )
    sign: Literal["auto", "never"] = Field(
        default="auto",
        description="auto: signed when git is set up to sign (commit.gpgSign). never: not signed, for keys that ask "
        "for a passphrase.",
    )
    messages: Literal["any", "pipeline"] = Field(
        default="any",
        description="What the commit-msg hook lets pass besides correct [pipeline] messages. any: every other "
        "message. pipeline: nothing else.",
    )


class Push(Section):
    """What leaves the machine; nothing does unless PIPELINE_AUTO_PUSH=1."""

    block: Literal["all", "pipeline"] = Field(
        default="all",
        description="What the pre-push hook stops while PIPELINE_AUTO_PUSH is not 1. all: every push. pipeline: "
        "pushes that carry commits of the pipeline.",
    )
    remote: Remote = Field(
        default="origin", description="Remote that the target branch is pushed to while PIPELINE_AUTO_PUSH=1."
    )


class Scan(Section):
    """Mechanical checks of the change itself; a finding fails the attempt or holds the change for you."""

    secrets: Flag = Field(default=True, description="Whether keys, tokens and passwords in the change are looked for.")
    kingfisher: Flag = Field(
        default=True,
        description="Whether kingfisher looks for secrets as well, where it is installed (pip install "
        "'nightrun[kingfisher]'); what it finds waits for you. It asks nobody whether a secret is a real one.",
    )
    conflict_markers: Flag = Field(default=True, description="Whether left-over merge conflict markers are refused.")
    protected_paths: Flag = Field(
        default=True, description="Whether a change to a path of `protected` waits for you instead of landing."
    )
    size: Flag = Field(
        default=True, description="Whether `max_files`, `max_file_size` and `max_total_size` are kept to."
    )
    nested_repositories: Flag = Field(
        default=True, description="Whether git repositories inside the change are refused."
    )
    weakened_tests: Flag = Field(
        default=True,
        description="Whether deleted, skipped or loosened tests are looked for. A value or a tolerance that was "
        "changed is not seen.",
    )
    destructive: Flag = Field(
        default=True,
        description="Whether a change waits for you that takes away more than 50 lines, and more than three times as "
        "many as it adds.",
    )
    case_clashes: Flag = Field(
        default=True,
        description="Whether new names are refused that are the same as another one on systems where upper and lower "
        "case are the same.",
    )
    binaries: Flag = Field(
        default=True, description="Whether new binary files above `max_binary_size` wait for you instead of landing."
    )
    lock_files: Flag = Field(
        default=False,
        description="Whether a change to a lock file of dependencies (package-lock.json, Cargo.lock, ...) waits for "
        "you instead of landing.",
    )
    protected: tuple[Glob, ...] = Field(
        default=PROTECTED,
        description="Paths that agents may not change by themselves, in upper or lower case: * is any name, ** any "
        "number of folders; without a / it holds in every folder.",
    )
    max_files: AtLeastOne = Field(default=200, description="Most files one change may touch.")
    max_file_size: Size = Field(default=5 * MIB, description="Largest file a change may add or leave.")
    max_total_size: Size = Field(default=20 * MIB, description="Largest sum of the files a change adds or alters.")
    max_binary_size: Size = Field(
        default=256 * KIB, description="Largest new binary file that lands without a person's look at it."
    )


class Limits(Section):
    """When to stop trying, waiting and writing."""

    attempts: AtLeastOne = Field(
        default=3, description="Attempts at one task before it is failed; faults of the environment do not count."
    )
    gate_reruns: Annotated[int, Field(strict=True, ge=0, le=5)] = Field(
        default=1,
        description="How often a gate that failed is asked again on the same tree. When it passes then, it is flaky: "
        "that counts as passed, and the commit says so. 0: never.",
    )
    rounds: AtLeastOne = Field(
        default=3, description="Rounds of an item that may end with a FAIL verdict before it waits for your decision."
    )
    backoff: Annotated[tuple[Duration, ...], Field(min_length=1)] = Field(
        default=(10.0, 30.0, 2 * MINUTE, 10 * MINUTE),
        description="Waiting time before the second, third, ... attempt; the last one counts for all further ones.",
    )
    disk_floor: Size = Field(
        default=GIB,
        description="No new attempt starts while the disk has less free space; an agent at work is ended when an "
        "eighth of it, at most 128 MiB, is used as well.",
    )
    disk_share: Ratio = Field(
        default=0.05,
        description="The same as a share of the whole disk, at most 20 GiB; the larger of both counts.",
    )
    worktrees: AtLeastOne = Field(
        default=100, description="No new attempt starts while so many worktrees of earlier ones wait for a person."
    )
    hours: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)] | None = Field(
        default=None,
        description="Hours after which a run stops in order. HOURS=n on the command line wins. null: no limit.",
    )
    task_tokens: AtLeastOne | None = Field(
        default=None,
        description="Tokens that all attempts of a task may read and write, as far as agents tell them, before it "
        "waits for your decision. null: no limit.",
    )
    task_money: Positive | None = Field(
        default=None,
        description="US dollars that all attempts of a task may cost, as far as agents tell it, before it waits for "
        "your decision. null: no limit.",
    )
    task_minutes: Positive | None = Field(
        default=None,
        description="Minutes that all attempts of a task may take before it waits for your decision. null: no limit.",
    )
    night_attempts: AtLeastOne | None = Field(
        default=None,
        description="Attempts that one run may start; then it begins nothing new until you resume. null: no limit.",
    )
    night_rounds: AtLeastOne | None = Field(
        default=None,
        description="Tests and reviews of one run that may end with a FAIL verdict; then it begins nothing new until "
        "you resume. null: no limit.",
    )
    night_tokens: AtLeastOne | None = Field(
        default=None,
        description="Tokens that one run may read and write, as far as agents tell them; then it begins nothing new "
        "until you resume. null: no limit.",
    )
    night_money: Positive | None = Field(
        default=None,
        description="US dollars that one run may cost, as far as agents tell it; then it begins nothing new until you "
        "resume. null: no limit.",
    )
    night_minutes: Positive | None = Field(
        default=None,
        description="Minutes that the attempts of one run may take together; then it begins nothing new until you "
        "resume. null: no limit.",
    )
    memory: Size | None = Field(
        default=None,
        description="Memory that an agent, or a gate, and all that it started may use together; above it they are "
        "ended. null: three quarters of what is free when it begins.",
    )
    processes: AtLeastOne | None = Field(
        default=512,
        description="Processes that an agent, or a gate, may have at once; above it they are ended. null: no limit.",
    )
    task_logs: Size = Field(
        default=2 * GIB,
        description="Largest sum of the logs of all attempts; the oldest are removed, and those older than 14 days.",
    )
    task_log: Size = Field(default=5 * MIB, description="Largest log of one attempt; the middle is left out.")
    part_log: Size = Field(
        default=10 * MIB, description="Size at which the log of a part (runner, monitor, API, supervisor) is rotated."
    )


class Heal(Section):
    """How many tasks the monitor may add by itself."""

    open_per_condition: Count = Field(
        default=1, description="Most heal tasks at once for one condition and one kind of failure."
    )
    open: Count = Field(default=2, description="Most heal tasks at once in all.")
    per_day: Count = Field(default=6, description="Most heal tasks in 24 hours. 0: none.")
    cooldown: Duration = Field(
        default=HOUR,
        description="Waiting time before the same condition may ask again; it doubles after each heal that did not "
        "help.",
    )
    share: Ratio = Field(
        default=0.2,
        description="Largest share of heal tasks among the tasks started lately, while other work is ready. 0: none "
        "while other work is ready.",
    )


class Backlog(Section):
    """Where the work comes from when nobody adds tasks by hand."""

    files: RepositoryPaths = Field(
        default=("specs/backlog.md",), description="Markdown files whose checkbox and numbered items are the work."
    )
    meta: RepositoryPath | None = Field(
        default="specs/007-meta-pipeline-backlog.md",
        description="File with items that improve the pipeline itself; heal tasks suggest them. null: none.",
    )
    meta_ratio: Ratio = Field(
        default=0.2,
        description="Share of items taken from `meta`: 0.2 is every fifth. 0: only when nothing else is left.",
    )
    chain: Annotated[tuple[Committing, ...], Field(min_length=1)] = Field(
        default=("spec", "impl", "test", "review"),
        description="Types of task each item goes through, in this order. `[impl]` at the start of an item shortens "
        "its chain to that type.",
    )
    ahead: AtLeastOne = Field(default=2, description="Items in work at the same time.")
    tick: Flag = Field(
        default=True, description="Whether a finished item is ticked in its file, inside the last task's commit."
    )


class Notify(Section):
    """Who is told about issues while nobody watches, and when."""

    urls_from: tuple[OwnVariable, ...] = Field(
        default=("PIPELINE_NOTIFY_URLS",),
        description="Names of environment variables that hold addresses of services as Apprise writes them, such as "
        "ntfy://my-topic, one or several with a space between them. Exported, or in .env for names that begin with "
        "PIPELINE_NOTIFY_. Nothing is sent while they are not set. Needs the extra nightrun[notify].",
    )
    command: Command | None = Field(
        default=None,
        description="Program of your own that gets each message as JSON on standard input. null: none.",
    )
    severity: Literal["high", "medium", "low"] = Field(
        default="medium", description="The least severe issues that are told."
    )
    quiet: TimeSpan | None = Field(
        default=None,
        description="Hours of the day, local time, in which nothing is sent, such as 22:00-07:00; what is still open "
        "then is told after them. null: none.",
    )
    debounce: Duration = Field(
        default=2 * MINUTE,
        description="How long an issue must be open before it is told, and gone before it is told that it is over.",
    )
    report_at: TimeOfDay | None = Field(
        default=None,
        description="Time of day, local, at which a short report of the last 24 hours is sent, if a run is up then. "
        "null: none.",
    )


class Policy(Section):
    """The whole of `pipeline.yaml`."""

    version: Literal[1] = Field(default=1, description="Form of this file. There is only 1.")
    project: Project = Field(default=Project(), description="Where finished work goes.")
    task_types: TaskTypes = Field(default=TaskTypes(), description="Who does each type of task and what checks it.")
    agents: dict[AgentName, AgentSettings] = Field(
        default={}, description="Changes to built-in agents, and programs of your own, by name."
    )
    workspace: Workspace = Field(default=Workspace(), description="What a new worktree needs.")
    commit: Commit = Field(default=Commit(), description="What the commits look like.")
    push: Push = Field(default=Push(), description="What leaves the machine.")
    scan: Scan = Field(default=Scan(), description="Mechanical checks of the change itself.")
    limits: Limits = Field(default=Limits(), description="When to stop trying, waiting and writing.")
    monitor: Monitor = Field(default=Monitor(), description="What is looked for and what happens then.")
    heal: Heal = Field(default=Heal(), description="How many tasks the monitor may add.")
    backlog: Backlog = Field(default=Backlog(), description="Where the work comes from.")
    notify: Notify = Field(default=Notify(), description="Who is told about issues, and when.")

    @property
    def committing_types(self) -> tuple[str, ...]:
        """The task types whose completed work becomes a commit."""
        return tuple(name for name, settings in self.task_types.items() if settings.commit)
