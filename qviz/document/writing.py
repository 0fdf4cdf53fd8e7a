"""Writes files so that a crash, a full disk or another program leaves the old file or the new one, never a part."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import stat
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from qviz.document.regular_files import open_regular
from qviz.errors import QvizError
from qviz.words import mark, tr

_PREFIX, _SUFFIX = ".qviz-", ".part"
_OLD_SECONDS = 3600
"""No write takes longer: a file that is not whole by then is nobody's."""
_CHUNK_BYTES = 1 << 22
_UNTOUCHED = mark("Free some space or choose another folder; the previous file is unchanged.")


class ChangedOnDiskError(QvizError):
    """Another program wrote the file since qviz read it; nothing is written."""


def write_atomically(path: Path, data: bytes, *, known: str | None = None, is_private: bool = False) -> None:
    """Write a file so that a full disk or a crash leaves the old one whole.

    A link is followed, and the mode of a file that is there is kept. Both the file and its folder reach the disk
    before this returns.

    Args:
        path: The file.
        data: All that it shall hold.
        known: The `digest` of what it is expected to hold; None replaces whatever is there.
        is_private: Whether only the user may read a file that is new.

    Raises:
        ChangedOnDiskError: It holds something else than was expected.
        QvizError: It is read-only or no plain file, its folder does not exist, or the disk is full; the old file is
            untouched.
    """
    target = Path(os.path.realpath(path))
    mode = _mode_of(target, path, is_private)
    temporary: Path | None = None
    try:
        remove_leftovers(target.parent)
        temporary = _written_beside(target, data, mode)
        if known is not None and target.exists() and digest(target) != known:
            raise ChangedOnDiskError(
                tr("{path} has changed since qviz read it", path=path), tr("Save under another name, or open it again.")
            )
        os.replace(temporary, target)
        temporary = None
    except OSError as error:
        raise QvizError(
            tr("{path} could not be written: {strerror}", path=path, strerror=error.strerror or error), tr(_UNTOUCHED)
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
    _sync_folder(target)


def check_writable(path: Path) -> None:
    """Find out, before the work whose result it shall hold, whether a file could be written.

    Raises:
        QvizError: It is read-only or no plain file, or its folder does not let files in.
    """
    target = Path(os.path.realpath(path))
    _mode_of(target, path, is_private=False)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        strerror = os.strerror(errno.EACCES)
        raise QvizError(tr("{path} could not be written: {strerror}", path=path, strerror=strerror), tr(_UNTOUCHED))


def digest(path: Path) -> str | None:
    """Return a hash of what a file holds; None where it cannot be read."""
    found = hashlib.sha256()
    try:
        with open_regular(path) as file:
            while chunk := file.read(_CHUNK_BYTES):
                found.update(chunk)
    except (OSError, QvizError):
        return None
    return found.hexdigest()


def digest_of(data: bytes) -> str:
    """Return the `digest` of a file that holds this."""
    return hashlib.sha256(data).hexdigest()


def remove_leftovers(folder: Path) -> None:
    """Remove from a folder what writes that ended half-way left there; what is being written stays."""
    with contextlib.suppress(OSError):
        for each in list(_leftovers(folder)):
            each.unlink()


def _leftovers(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX):
                with contextlib.suppress(OSError):
                    if _is_nobodys(entry.name, entry.stat(follow_symlinks=False).st_mtime):
                        yield Path(entry.path)


def _is_nobodys(name: str, changed: float) -> bool:
    """Tell whether no process can still write a temporary file."""
    if time.time() - changed > _OLD_SECONDS:
        return True
    machine, _, rest = name.removeprefix(_PREFIX).partition("-")
    process = rest.partition("-")[0]
    # On Windows a signal of 0 ends the process that is asked for.
    if machine != _machine() or not process.isdigit() or sys.platform == "win32":
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _machine() -> str:
    """Return what tells this machine from others that may share a folder with it."""
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _mode_of(target: Path, named: Path, is_private: bool) -> int:
    """Return the mode of a file that is there, or of a new one.

    Raises:
        QvizError: It is read-only, or no plain file.
    """
    try:
        there = target.stat()
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o600 if is_private else 0o666 & ~umask
    if not stat.S_ISREG(there.st_mode):
        raise QvizError(tr("{path} is not a plain file", path=named), tr("Choose another name."))
    # The user who set it, root included, did not want it overwritten, whatever the system would allow.
    if not there.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise QvizError(
            tr("{path} is read-only", path=named), tr("Save under another name, or allow writing to it first.")
        )
    return stat.S_IMODE(there.st_mode)


def _written_beside(target: Path, data: bytes, mode: int) -> Path:
    """Write a temporary file beside another, with its mode and owner; return it once it is on the disk."""
    import tempfile  # every command imports this module, few write with it

    name = f"{_PREFIX}{_machine()}-{os.getpid()}-"
    handle, made = tempfile.mkstemp(dir=target.parent, prefix=name, suffix=_SUFFIX)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _take_owner(made, target)
        os.chmod(made, mode)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(made)
        raise
    return Path(made)


def _take_owner(made: str, target: Path) -> None:
    """Give a file the owner and group of the one that it replaces, where the system allows that."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            there = target.stat()
            if (there.st_uid, there.st_gid) != (os.geteuid(), os.getegid()):
                os.chown(made, there.st_uid, there.st_gid)


def _sync_folder(target: Path) -> None:
    """Let the new name of a file reach the disk, where the system can say so.

    Raises:
        QvizError: The disk fails; the file is there, but may not outlive a power cut.
    """
    if sys.platform == "win32":
        return
    try:
        handle = os.open(target.parent, os.O_RDONLY)
    except OSError:
        return  # a folder that may be written but not read
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS):
            return  # a file system without it
        raise QvizError(
            tr(
                "{path} was written, but the disk does not confirm it: {strerror}", path=target, strerror=error.strerror
            ),
            tr("Save it once more on another disk."),
        ) from error
    finally:
        with contextlib.suppress(OSError):
            os.close(handle)
