"""Notices that a file was saved, however its editor saves."""

from __future__ import annotations

import os

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

_PAUSE_MS = 150
"""An editor that truncates, writes and renames is told of once."""


class FileWatch(QObject):
    """Watches one file, and its folder: a file that is replaced is gone for a moment.

    Signals:
        saved: The path, once the file is there with other contents.
    """

    saved = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.file: str | None = None
        self._seen: tuple[int, int, int] | None = None
        self._watcher = QFileSystemWatcher(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._watcher.fileChanged.connect(self.on_watcher_changed)
        self._watcher.directoryChanged.connect(self.on_watcher_changed)
        self._pause.timeout.connect(self.on_pause_timeout)

    def watch(self, file: str | None) -> None:
        """Watch another file; None watches nothing. The same file goes on being watched."""
        if file is not None and file == self.file:
            return
        if paths := [*self._watcher.files(), *self._watcher.directories()]:
            self._watcher.removePaths(paths)
        self._pause.stop()
        self.file, self._seen = file, _stamp(file)
        if file is not None:
            self._watcher.addPaths([file, os.path.dirname(file)])

    def on_watcher_changed(self) -> None:
        """Wait until nothing changes any more."""
        if self.file is not None:
            self._pause.start()

    def on_pause_timeout(self) -> None:
        """Tell of a file that is another one now."""
        if self.file is None:
            return
        now = _stamp(self.file)
        if now is None:  # gone for a moment; the folder tells when it is back
            return
        if self.file not in self._watcher.files():
            self._watcher.addPath(self.file)  # editors save by replacing the file, which ends the watch
        if now != self._seen:
            self._seen = now
            self.saved.emit(self.file)


def _stamp(file: str | None) -> tuple[int, int, int] | None:
    """Return what a save changes; None for a file that is not there."""
    try:
        found = os.stat(file) if file is not None else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found is not None else None
