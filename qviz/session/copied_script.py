"""What "Copy as Python" copies: the script of a run that was made here; of a result from a file nothing that runs."""

from __future__ import annotations

from qviz.document import plan_file
from qviz.session.project import Project
from qviz.words import mark, tr
from qviz.words.untrusted import Untrusted
from qviz.words.visible import one_line

_WARNING = mark(
    "This result was opened from a file, so its script is below as comments: read it before you run it. "
    "The lines above the comments make the result again; qviz lists what would run, and asks."
)
_AGAIN = """
import subprocess
from pathlib import Path

Path("again.toml").write_text({plan}, encoding="utf-8")
subprocess.run(["qviz", "run", "--config", "again.toml", "-o", "again.qviz"], check=True)
"""


def copied_script(project: Project) -> str:
    """Return the script of a result; of one from a file Python made of its plan, with the script as comments."""
    script = project.snapshot.run.python if project.snapshot is not None else ""
    if project.foreign_source is None:
        return script
    again = _AGAIN.format(plan=Untrusted(plan_file.write(project.received.plan)).python)
    lines = "\n".join(f"# {one_line(each)}".rstrip() for each in script.splitlines())
    return f"# {tr(_WARNING)}\n{again}\n{lines}\n"
