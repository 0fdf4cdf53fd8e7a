from __future__ import annotations

from tests.house_rules import _leaves_nothing_behind, _logs_no_fault  # noqa: F401 - fixtures of every test here
