"""Do the files for GitHub, for pre-commit and for those who cite the project agree with the project?"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

import resnet_viz

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SCHEMAS = {
    ".github/workflows/*.yml": "github-workflows",
    ".github/dependabot.yml": "dependabot",
    ".github/ISSUE_TEMPLATE/[!c]*.yml": "github-issue-forms",
    ".github/ISSUE_TEMPLATE/config.yml": "github-issue-config",
    "CITATION.cff": "citation-file-format",
}
# Of a recipe: variables of its environment, and where the Makefile has the programs.
PREFIX, PROGRAM = re.compile(r"^@?(\w+=\S+ )*"), re.compile(r"^\$\(BIN\)/(?!python )")


def check_against(schema: str, *files: Path) -> tuple[int, str]:
    """The exit code of check-jsonschema for these files, and what it printed."""
    arguments = ["--builtin-schema", f"vendor.{schema}", "--default-filetype", "yaml", *map(str, files)]
    done = CliRunner().invoke(check_jsonschema, arguments)
    return done.exit_code, done.output


@cache
def read_yaml(name: str) -> Any:
    return YAML(typ="safe").load(ROOT / name)


def versions_in_constraints() -> dict[str, str]:
    """The version of each package in constraints.txt, by its normalized name."""
    lines = [line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if "==" in line]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def commands_of_make(target: str) -> list[str]:
    """The recipe of a target as commands that run without make, in an environment that is active."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe, target
    lines = [PREFIX.sub("", line.strip()) for line in recipe[1].splitlines()]
    return [PROGRAM.sub("python -m ", line).replace("$(BIN)/python", "python") for line in lines]


def commands_of_workflow(job: str) -> list[str]:
    steps = read_yaml(".github/workflows/checks.yml")["jobs"][job]["steps"]
    return [step["run"] for step in steps if "run" in step]


def supported_pythons() -> list[str]:
    allowed = SpecifierSet(PROJECT["project"]["requires-python"])
    return [f"3.{minor}" for minor in range(40) if allowed.contains(f"3.{minor}")]


@pytest.mark.parametrize("pattern", SCHEMAS)
def test_files_for_others_follow_their_schema(pattern):
    files = sorted(ROOT.glob(pattern))
    assert files
    assert check_against(SCHEMAS[pattern], *files) == (0, "ok -- validation done\n")


def test_a_workflow_that_github_would_refuse_is_found(tmp_path):
    spoiled = tmp_path / "checks.yml"
    text = (ROOT / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8")
    spoiled.write_text(text.replace("runs-on:", "run-on:"), encoding="utf-8")
    code, output = check_against("github-workflows", spoiled)
    assert code == 1
    assert "runs-on" in output


def test_the_workflow_tests_every_python_that_the_project_allows_and_no_other():
    jobs = read_yaml(".github/workflows/checks.yml")["jobs"]
    assert jobs["quick"]["strategy"]["matrix"]["python"] == supported_pythons()
    wanted = [step["with"]["python-version"] for step in jobs["all"]["steps"] if "setup-python" in step.get("uses", "")]
    assert set(wanted) <= set(supported_pythons())
    assert wanted


def test_types_and_lint_are_checked_for_the_oldest_python():
    oldest = supported_pythons()[0]
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")


def test_the_workflow_runs_what_make_runs():
    install, *checks = commands_of_workflow("quick")
    assert install == "python -m pip install -r requirements-test.txt -c constraints.txt"
    assert checks == [*commands_of_make("check"), *commands_of_make("quick")]
    assert commands_of_workflow("all")[-1] == "bash .ci/run"


def test_contributing_says_how_to_do_without_make_what_make_does():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `make ([\w-]+)` \| `(.+?)` \|", text, re.MULTILINE))
    assert {"run", "check", "quick", "test", "slow", "test-faults"} <= set(told)
    for target, command in told.items():
        assert command == " && ".join(commands_of_make(target))


def test_jobs_have_a_limit_of_time_and_may_only_read():
    workflow = read_yaml(".github/workflows/checks.yml")
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is True
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        assert 0 < job["timeout-minutes"] <= 120
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/none@v0"))


def test_pre_commit_has_the_tested_ruff():
    repos = {repo["repo"]: repo for repo in read_yaml(".pre-commit-config.yaml")["repos"]}
    official = repos["https://github.com/astral-sh/ruff-pre-commit"]
    assert official["rev"] == f"v{versions_in_constraints()['ruff']}"
    assert {hook["id"] for hook in official["hooks"]} == {"ruff-check", "ruff-format"}
    (mypy,) = repos["local"]["hooks"]
    assert mypy["entry"] in commands_of_make("check")


def test_who_cites_the_project_cites_this_version_under_its_licence():
    citation = read_yaml("CITATION.cff")
    assert citation["version"] == resnet_viz.__version__
    assert citation["license"] == PROJECT["project"]["license"]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_the_versions_in_constraints_are_within_the_bounds(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]
    assert wanted
    for one in wanted:
        assert one.specifier.contains(versions_in_constraints()[canonicalize_name(one.name)]), one.name


def test_the_versions_in_constraints_stand_in_the_order_of_their_names():
    names = list(versions_in_constraints())
    assert names == sorted(names)
