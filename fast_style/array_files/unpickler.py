"""Reads the pickle inside a PyTorch file without Python's unpickler, which runs what a file names.

The few opcodes that a dict of tensors needs are carried out here; a global is a name and nothing
else, and the only "calls" are those few by which PyTorch describes a dict and a tensor.
"""

import pickletools
import struct

from fast_style.array_files.pickled_tensors import (
    CALLS,
    MARK,
    Global,
    UnsafePickle,
    data,
    make_storage,
)

MAX_OPERATIONS = 500_000  # a state dict of pytorch/examples takes 2,601

_CONSTANTS = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
}
# fmt: off
_LITERALS = frozenset((
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
    "BINUNICODE", "SHORT_BINUNICODE", "BINSTRING", "SHORT_BINSTRING",  # the latter: Python 2
))
# fmt: on
_EMPTY = {"EMPTY_TUPLE": tuple, "EMPTY_LIST": list, "EMPTY_DICT": dict}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def read(stream):
    """Reads one pickle from the position of a stream, up to its end and no further.

    Args:
        stream: seekable binary file.

    Returns:
        int, float, str, bool, None, and tuples, lists and dicts (with str or int keys) of these and
        of `Tensor`s.

    Raises:
        UnsafePickle: anything else is in it, or it is damaged.
    """
    try:
        return _Machine().run(stream)
    except UnsafePickle:
        raise
    except (LookupError, TypeError, ValueError, OverflowError, struct.error) as error:
        raise UnsafePickle(f"damaged pickle ({error})") from error


class _Machine:
    """The stack and memo of the pickle format."""

    def __init__(self):
        self.stack = []
        self.memo = {}
        self.left = MAX_OPERATIONS

    def run(self, stream):
        for opcode, argument, _ in pickletools.genops(stream):
            self._spend(1)
            name = opcode.name
            if name == "STOP":
                return data(self.stack.pop())
            if name in _LITERALS:
                self.stack.append(argument)
            elif name in _CONSTANTS:
                self.stack.append(_CONSTANTS[name])
            elif name in _EMPTY:
                self.stack.append(_EMPTY[name]())
            elif name in _TUPLES:
                self.stack[-_TUPLES[name] :] = [self._last(_TUPLES[name])]
            elif name not in ("PROTO", "FRAME"):
                operation = _OPERATIONS.get(name)
                if operation is None:
                    raise UnsafePickle(f"unsupported operation {name}")
                operation(self, argument)
        raise UnsafePickle("damaged pickle (no end)")

    def _spend(self, operations):
        self.left -= operations
        if self.left < 0:
            raise UnsafePickle(f"more than {MAX_OPERATIONS} operations")

    def _last(self, count):
        values = tuple(self.stack[-count:])
        if len(values) < count or MARK in values:
            raise UnsafePickle("damaged pickle (too few values)")
        return values

    def _after_mark(self):
        """Removes the last mark and the values above it; returns the values."""
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is MARK:
                values = self.stack[index + 1 :]
                del self.stack[index:]
                return values
        raise UnsafePickle("damaged pickle (no mark)")

    def _top(self, kind):
        if not self.stack or not isinstance(self.stack[-1], kind):
            raise UnsafePickle(f"damaged pickle (no {kind.__name__} to fill)")
        return self.stack[-1]

    # The opcodes that `_OPERATIONS` names.

    def _mark(self, _):
        self.stack.append(MARK)

    def _tuple(self, _):
        self.stack.append(tuple(self._after_mark()))

    def _binput(self, index):
        self.memo[index] = self._last(1)[0]

    def _memoize(self, _):
        self._binput(len(self.memo))

    def _binget(self, index):
        self.stack.append(self.memo[index])

    def _append(self, _):
        value = data(self.stack.pop())
        self._top(list).append(value)

    def _appends(self, _):
        values = [data(value) for value in self._after_mark()]
        self._top(list).extend(values)

    def _setitem(self, _):
        key, value = self._last(2)
        del self.stack[-2:]
        self._fill([key, value])

    def _setitems(self, _):
        self._fill(self._after_mark())

    def _fill(self, values):
        if len(values) % 2:
            raise UnsafePickle("damaged pickle (a key without a value)")
        target = self._top(dict)
        for key, value in zip(values[::2], values[1::2], strict=True):
            if type(key) not in (str, int):  # a tuple of tuples of ... takes for ever to hash
                raise UnsafePickle(f"a key is a {type(key).__name__}, not a name")
            target[key] = data(value)

    def _global(self, argument):
        self.stack.append(Global(*argument.split(" ", 1)))

    def _stack_global(self, _):
        module, name = self._last(2)
        if not (isinstance(module, str) and isinstance(name, str)):
            raise UnsafePickle("damaged pickle (a global without a name)")
        self.stack[-2:] = [Global(module, name)]

    def _binpersid(self, _):
        self.stack.append(make_storage(self.stack.pop()))

    def _reduce(self, _):
        function, arguments = self._last(2)
        if not isinstance(function, Global) or not isinstance(arguments, tuple):
            raise UnsafePickle("damaged pickle (a call without a name)")
        make = CALLS.get(str(function))
        if make is None:
            raise UnsafePickle(f"calls {function}, which is not allowed")
        # One list may be named again and again, each time to make a dict of all of it.
        self._spend(sum(len(part) for part in arguments if isinstance(part, list)))
        self.stack[-2:] = [make(arguments)]

    def _build(self, _):
        # A state_dict has the versions of its modules as an attribute: they are not needed.
        self.stack.pop()
        self._top(dict)


_OPERATIONS = {
    "MARK": _Machine._mark,
    "TUPLE": _Machine._tuple,
    "BINPUT": _Machine._binput,
    "LONG_BINPUT": _Machine._binput,
    "MEMOIZE": _Machine._memoize,
    "BINGET": _Machine._binget,
    "LONG_BINGET": _Machine._binget,
    "APPEND": _Machine._append,
    "APPENDS": _Machine._appends,
    "SETITEM": _Machine._setitem,
    "SETITEMS": _Machine._setitems,
    "GLOBAL": _Machine._global,
    "STACK_GLOBAL": _Machine._stack_global,
    "BINPERSID": _Machine._binpersid,
    "REDUCE": _Machine._reduce,
    "BUILD": _Machine._build,
}
