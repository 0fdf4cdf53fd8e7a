"""The file of grants belongs to all processes of a user at once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from qviz.document.writing import write_atomically
from qviz.trust import kept
from qviz.trust.grants import Grant
from qviz.trust.kept import KeptGrants
from qviz.trust.references import NamedBy


def test_what_is_revoked_while_another_process_writes_stays_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, grant = tmp_path / "grants.json", Grant("m.py:f", NamedBy.FILE, {"m.py": "0"})
    KeptGrants(path).keep((grant,))
    revoking = threading.Thread(target=KeptGrants(path).revoke, args=(grant.key,))

    def write_late(*args: Any, **how: Any) -> None:
        if revoking.ident is None:
            revoking.start()
            revoking.join(0.05)  # it has the time to be done, unless it waits for its turn
        write_atomically(*args, **how)

    monkeypatch.setattr(kept, "write_atomically", write_late)
    KeptGrants(path).ran("x", (grant,))
    revoking.join()
    assert KeptGrants(path).book.grants == ()
    assert len(KeptGrants(path).book.runs) == 1
