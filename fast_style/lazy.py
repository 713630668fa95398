"""Names of a package that import their modules when they are first used.

TensorFlow takes seconds to import: `import fast_style` should not wait for what is not used.
"""

import importlib


def attach(package, exports):
    """The `__getattr__`, `__dir__` and `__all__` of a package (PEP 562).

    Args:
        package: name of the package.
        exports: dict from public name to the module that defines it.

    Returns:
        The two functions and the list.
    """
    names = sorted(exports)

    def getattribute(name):
        if name not in exports:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(exports[name]), name)

    return getattribute, lambda: names, names
