"""What a folder holds after a kill or a power cut at any moment of a program's work in it."""

import itertools
import os
import pathlib
import stat
import sys

_OPERATIONS = {
    *("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"),
    "open",
}
_recording = []  # an audit hook can't be taken back: there is one, which asks here


def _hook(event, _):
    if _recording and event in _OPERATIONS:
        _recording[-1].note()


class Recording:
    """Context that notes what a folder holds before each operation of this process on files.

    Args:
        folder: path of the folder; of folders in it, those one level down are looked into.
        monkeypatch: pytest's, for `os.fsync`.

    Attributes:
        killed: list of states in which a kill may leave the folder.
        cut: list of states in which a power cut may leave it: what was not synced may be there, or
            not, each name by itself; the contents of files that were not synced are lost.

    A state is a dict from name to bytes, or for a folder to such a dict.
    """

    def __init__(self, folder, monkeypatch):
        self._folder = pathlib.Path(folder)
        self._monkeypatch = monkeypatch
        self._contents = {}  # by inode: as it was synced
        self._names = {}  # of a folder, by inode: the inodes by name, as they were synced
        self.killed, self.cut = [], []

    def __enter__(self):
        if not any(hook is _hook for hook in _installed):
            sys.addaudithook(_hook)
            _installed.append(_hook)
        real = os.fsync

        def fsync(number):
            real(number)
            self._synced(os.fstat(number))

        self._monkeypatch.setattr(os, "fsync", fsync)
        # What is there before has been there for long.
        for path in [self._folder, *self._folder.rglob("*")]:
            self._synced(path.stat())
        _recording.append(self)
        return self

    def __exit__(self, *_):
        self.note()
        _recording.remove(self)
        self._monkeypatch.undo()

    def note(self):
        """Notes the states that are possible now."""
        _recording.append(_Deaf())  # what follows are operations, too
        try:
            nodes = self._nodes()
            _add(self.killed, self._state(nodes, self._folder.stat().st_ino, {}))
            for names in self._possible(nodes):
                _add(self.cut, self._state(nodes, self._folder.stat().st_ino, names, lost=True))
        finally:
            _recording.pop()

    def _synced(self, status):
        _recording.append(_Deaf())
        try:
            content = self._nodes().get(status.st_ino)
            if isinstance(content, dict):
                self._names[status.st_ino] = content
            elif content is not None:
                self._contents[status.st_ino] = content
        finally:
            _recording.pop()

    def _nodes(self):
        """By inode: bytes of a file, names and inodes of a folder."""
        nodes = {}
        for path in [self._folder, *self._folder.rglob("*")]:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                nodes[status.st_ino] = {p.name: p.stat().st_ino for p in path.iterdir()}
            else:
                nodes[status.st_ino] = path.read_bytes()
        self._seen = {**getattr(self, "_seen", {}), **nodes}  # those that were removed, too
        return nodes

    def _possible(self, nodes):
        """All that the names of the folders can be: dicts by inode."""
        top = self._folder.stat().st_ino
        synced, now = self._names[top], nodes[top]
        different = [n for n in {*synced, *now} if synced.get(n) != now.get(n)]
        for choice in itertools.product((synced, now), repeat=len(different)):
            names = {n: i for n, i in now.items() if n not in different}
            chosen = {n: source.get(n) for n, source in zip(different, choice, strict=True)}
            names |= {n: inode for n, inode in chosen.items() if inode is not None}
            yield {top: names}
            inner = {i: self._names.get(i, {}) for i in names.values() if self._is_folder(i)}
            yield {top: names, **inner}

    def _is_folder(self, inode):
        return isinstance(self._seen[inode], dict)

    def _state(self, nodes, inode, names, lost=False):
        content = self._seen[inode]
        if not isinstance(content, dict):
            return self._contents.get(inode, b"") if lost else content
        content = names.get(inode, content)
        return {n: self._state(nodes, child, names, lost) for n, child in content.items()}


class _Deaf:
    def note(self):
        pass


_installed = []


def _add(states, state):
    if state not in states:
        states.append(state)


def write(state, folder):
    """Makes a folder of that state."""
    folder = pathlib.Path(folder)
    folder.mkdir()
    for name, content in state.items():
        if isinstance(content, dict):
            write(content, folder / name)
        else:
            (folder / name).write_bytes(content)
