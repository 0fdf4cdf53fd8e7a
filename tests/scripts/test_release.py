"""What may be released: a clean tree, a version, its section in the change log; and the locks of the build."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import release

ROOT = Path(__file__).parents[2]
CHANGES = """# Changelog

## [1.2.3] - 2026-01-02

### Added

- Something.

## [1.2.2]
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "qviz").mkdir()
    (tmp_path / "qviz" / "version.py").write_text('__version__ = "1.2.3"\n', encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(CHANGES, encoding="utf-8")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "All"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True)
    return tmp_path


def test_a_commit_that_can_be_released(checkout):
    assert release.checked_version(checkout) == "1.2.3"


def test_everything_that_is_wrong_is_told_at_once(checkout):
    (checkout / "qviz" / "version.py").write_text('__version__ = "1.3.0.dev0"\n', encoding="utf-8")
    with pytest.raises(release.ReleaseError) as caught:
        release.checked_version(checkout)
    told = str(caught.value)
    assert "no version of a release" in told
    assert "begins with [1.2.3]" in told
    assert "not clean" in told
    assert "qviz/version.py" in told


def test_a_tag_at_another_commit(checkout):
    git = ["git", "-C", str(checkout), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run([*git, "tag", "v1.2.3"], check=True)
    assert release.checked_version(checkout) == "1.2.3"
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "More"], check=True)
    with pytest.raises(release.ReleaseError, match="another commit"):
        release.checked_version(checkout)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (CHANGES.replace(" - 2026-01-02", ""), "YYYY-MM-DD"),
        (CHANGES.replace("## [1.2.3]", "## [Unreleased]\n\n## [1.2.3]"), "begins with [Unreleased]"),
        (CHANGES.replace("### Added", "### News"), 'a part "News"'),
        (CHANGES.replace("- Something.", "- Something.\n\n### Added\n"), "twice"),
        (CHANGES.replace("- Something.", ""), "says nothing"),
        ("", "no section"),
    ],
)
def test_a_change_log_that_lacks_something(changes, fault):
    assert any(fault in each for each in release.faults_of_changes(changes, "1.2.3"))


def test_the_change_log_begins_with_this_version_or_with_what_is_unreleased():
    changes, version = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), release.stated_version(ROOT)
    if ".dev" in version:
        assert "\n## [Unreleased]\n" in changes
    else:
        assert [*release.faults_of_changes(changes, version)] == []


def test_the_build_has_a_lock_with_hashes():
    lock = (ROOT / "requirements" / "build.lock").read_text(encoding="utf-8")
    packages = [line for line in lock.splitlines() if "==" in line]
    assert any(each.startswith("hatchling==1.") for each in packages)
    assert all(each.endswith("\\") for each in packages)
    assert "http" not in lock
