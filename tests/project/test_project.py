"""The project as a whole: imports, requirements, commands, layout."""

import inspect
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib import metadata
from itertools import product
from pathlib import Path

import digits_helpers
import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "environment.yml",
    "pyproject.toml", "constraints.txt", "data", "digits_helpers", "docs", "notebooks", "tests",
}  # fmt: skip


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


PROJECT = tomllib.loads(read("pyproject.toml"))["project"]
REQUIREMENTS = [
    Requirement(line)
    for line in sum(PROJECT["optional-dependencies"].values(), PROJECT["dependencies"])
]
PINS = [Requirement(line) for line in read("constraints.txt").splitlines()]
README = read("README.md")
CONTRIBUTING = read("CONTRIBUTING.md")
COMMANDS = {
    system: [
        line
        for block in re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    for system, language in {"unix": "bash", "windows": "bat"}.items()
}
MACHINES = [
    {"python_version": version, "python_full_version": f"{version}.9"} | system
    for version, system in product(
        ["3.11", "3.12", "3.13"],
        [
            {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
            {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
            {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
        ],
    )
]


def run_python(code):
    """Run code in a process of its own, in the environment of a reader."""
    own = ("TF_CPP_MIN_LOG_LEVEL", "PYTHONWARNINGS", "MPLBACKEND")
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
        env={key: value for key, value in os.environ.items() if key not in own},
    )


def test_importing_the_package_imports_neither_tensorflow_nor_matplotlib():
    loaded = run_python("import digits_helpers, sys; print(*sys.modules)").stdout.split()
    assert "digits_helpers" in loaded
    assert not {"tensorflow", "keras", "matplotlib", "pandas", "sklearn", "cv2"} & set(loaded)


def test_reading_the_data_or_a_picture_does_not_import_tensorflow():
    code = (
        "from digits_helpers import load_split, load_digit_image; import sys; print(*sys.modules)"
    )
    loaded = run_python(code).stdout.split()
    assert "digits_helpers.pictures.reading" in loaded
    assert not {"tensorflow", "keras"} & set(loaded)


def test_tensorflow_starts_and_trains_silently_and_then_standard_error_works_again():
    code = """
import digits_helpers.quiet_tensorflow
import keras, numpy, os, sys
for _ in range(7):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(numpy.zeros((3, 4)), numpy.zeros((3, 2)), verbose=0)
    model.predict(numpy.zeros((3, 4)), verbose=0)
os.write(2, b"from the system, ")
print("from Python", file=sys.stderr)
"""
    assert run_python(code).stderr == "from the system, from Python\n"


def test_the_names_that_other_things_rely_on_are_public():
    names = {"load_mnist", "load_digit_image", "read_digits", "load_reference_model"}
    assert names <= set(digits_helpers.__all__)
    assert set(digits_helpers.__all__) <= set(dir(digits_helpers))


@pytest.mark.parametrize("name", digits_helpers.__all__)
def test_every_public_name_resolves_and_functions_explain_each_parameter(name):
    thing = getattr(digits_helpers, name)
    if inspect.ismodule(thing) or isinstance(thing, Path):
        return
    explanation = inspect.getdoc(thing)
    assert explanation
    for parameter in inspect.signature(thing).parameters:
        assert re.search(rf"^([\w, ]+, )?{parameter}(, [\w, ]+)? :", explanation, re.MULTILINE)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="load_minst"):
        _ = digits_helpers.load_minst


def test_every_pin_is_one_version_from_the_index():
    for pin in PINS:
        assert pin.url is None
        assert not pin.extras
        (only,) = pin.specifier
        assert only.operator == "=="
        assert "*" not in only.version


@pytest.mark.parametrize(
    "machine", MACHINES, ids=lambda machine: f"{machine['python_version']} {machine['os_name']}"
)
def test_every_requirement_has_one_pin_that_satisfies_it(machine):
    environment = default_environment() | machine
    for requirement in REQUIREMENTS:
        (version,) = {
            next(iter(pin.specifier)).version
            for pin in PINS
            if canonicalize_name(pin.name) == canonicalize_name(requirement.name)
            and (pin.marker is None or pin.marker.evaluate(environment))
        }
        assert requirement.specifier.contains(version), requirement


def test_what_the_requirements_require_is_pinned_too():
    pinned = {
        canonicalize_name(pin.name): pin
        for pin in PINS
        if pin.marker is None or pin.marker.evaluate()
    }  # fmt: skip
    installed = {canonicalize_name(each.name): each.version for each in metadata.distributions()}
    # the README's test command leaves out the extra for a browser
    waiting = [each for each in REQUIREMENTS if canonicalize_name(each.name) in installed]
    for name in (canonicalize_name(requirement.name) for requirement in waiting):
        if installed[name] not in pinned[name].specifier:
            pytest.skip(f"installed is not {pinned[name]}: another version may require others")
    seen = set()
    while waiting:
        requirement = waiting.pop()
        extras = {"", *requirement.extras}
        for extra in extras:
            if (requirement.name, extra) in seen:
                continue
            seen.add((requirement.name, extra))
            for line in metadata.requires(requirement.name) or []:
                further = Requirement(line)
                if further.marker is None or further.marker.evaluate({"extra": extra}):
                    waiting.append(further)
    assert {canonicalize_name(name) for name, _ in seen} <= set(pinned)


def test_conda_installs_the_project_with_the_pins_on_the_same_pythons():
    *packages, pip = yaml.safe_load(read("environment.yml"))["dependencies"]
    assert pip == {"pip": ["--constraint constraints.txt", "--editable .[test]"]}
    assert "pip" in packages
    (python,) = (Requirement(package) for package in packages if package.startswith("python"))
    assert python.specifier == SpecifierSet(PROJECT["requires-python"])


def test_the_workflow_tests_three_systems_and_the_oldest_and_newest_python():
    matrix = yaml.safe_load(read(".github/workflows/test.yml"))["jobs"]["test"]["strategy"][
        "matrix"
    ]
    assert {system.split("-")[0] for system in matrix["os"]} == {"ubuntu", "macos", "windows"}
    admitted = SpecifierSet(PROJECT["requires-python"])
    versions = [f"3.{minor}" for minor in range(100) if admitted.contains(f"3.{minor}")]
    assert {versions[0], versions[-1]} <= set(matrix["python"]) <= set(versions)


def only(lines):
    (line,) = lines
    return line


def test_the_test_command_installs_the_pins_and_runs_pytest():
    command = only(line for line in COMMANDS["unix"] if line.endswith("pytest"))
    create, install, run = command.split(" && ")
    assert create == "python3 -m venv .venv"
    assert re.fullmatch(r'\.venv/bin/pip install .*-c constraints\.txt -e "\.\[test\]"', install)
    assert run == ".venv/bin/pytest"


@pytest.mark.parametrize(
    ("file", "search", "system"),
    [
        (".ci/run", r"grep -m 1 '(.+?)' README\.md", "unix"),
        (".github/workflows/test.yml", r"grep -m 1 '(.+?)' README\.md", "unix"),
        (".github/workflows/test.yml", r'findstr /r "(.+?)" README\.md', "windows"),
    ],
)
def test_continuous_integration_takes_the_test_command_from_the_readme(file, search, system):
    pattern = only(re.findall(search, read(file)))
    found = [line for line in README.splitlines() if re.search(pattern, line)]
    assert found == [line for line in COMMANDS[system] if line.endswith("pytest")]


def test_the_lines_for_windows_are_those_for_the_others_in_windows_words():
    translated = [
        line.replace("py -m", "python3 -m").replace("\\Scripts\\", "/bin/").replace("\\", "/")
        for line in COMMANDS["windows"]
    ]
    assert translated == [line for line in COMMANDS["unix"] if line.startswith("python3")]


def test_the_programs_that_the_pages_start_are_installed():
    scripts = sysconfig.get_path("scripts")
    programs = set(re.findall(r"\.venv/bin/(\w+)", README + CONTRIBUTING))
    assert programs >= {"pip", "jupyter", "pytest", "python", "ruff"}
    for program in programs:
        assert shutil.which(program, path=scripts), program


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_files_that_commands_and_text_of_a_page_name_exist(page):
    text = read(page)
    names = set(re.findall(r"(?:\.ci|data|digits_helpers|notebooks|tests)/[\w./-]*\w", text))
    names |= set(re.findall(r" -[cf] (\S+)", text)) | {"notebooks"}
    names |= {link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link}
    assert "constraints.txt" in names
    assert names & {"environment.yml", "tests/regression/refresh.py"}
    assert not [name for name in sorted(names) if not (ROOT / name).exists()]


def test_every_package_of_the_requirements_is_explained():
    for requirement in REQUIREMENTS:
        name = requirement.name.removesuffix("-headless").removesuffix("-python")
        assert re.search(rf"\b{name}\b", CONTRIBUTING), requirement.name


def test_the_readme_links_to_every_notebook():
    for path in ROOT.glob("notebooks/*.ipynb"):
        assert f"](notebooks/{path.name})" in README


def test_the_ci_script_can_be_started_and_checks_the_style():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "ruff check\n" in read(".ci/run")
    assert "ruff format --check\n" in read(".ci/run")


@pytest.mark.parametrize("file", [".ci/run", ".github/workflows/test.yml"])
def test_continuous_integration_fails_where_there_is_no_browser(file):
    assert "REQUIRE_BROWSER=1 .venv/bin/pytest tests/browser\n" in read(file)


def test_changes_and_citation_name_the_version_of_the_package():
    version = PROJECT["version"]
    assert re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)[1] == version
    citation = yaml.safe_load(read("CITATION.cff"))
    assert str(citation["version"]) == version
    assert citation["title"] == README.partition("\n")[0].strip("# ")
    assert citation["license"] == PROJECT["license"]


def test_every_workflow_is_valid_yaml_whose_jobs_have_a_time_limit():
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        assert all(job["timeout-minutes"] <= 60 for job in jobs.values()), path.name


def test_nothing_else_lies_at_the_top_but_dot_files():
    assert not [name for name in sorted(TOP_LEVEL) if not (ROOT / name).exists()]
    listing = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("the project was downloaded without its git history")
    tracked = {line.strip('"').partition("/")[0] for line in listing.stdout.splitlines()}
    assert {name for name in tracked if not name.startswith(".")} <= TOP_LEVEL
