"""Runs a part of a benchmark in another process, or with another interpreter."""

import json
import subprocess

from absl import flags

NO_TORCH = "torch can't be imported; --python_with_torch names an interpreter that can"


def define_python_with_torch(default):
    """Defines the flag --python_with_torch."""
    flags.DEFINE_string("python_with_torch", default, "Interpreter that can import torch.")


def run_child(interpreter, module, *arguments):
    """What a module prints in its last line, read as JSON; None where it has no torch."""
    command = [interpreter, "-m", module, *map(str, arguments)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode and "No module named 'torch'" in process.stderr:
        return None
    process.check_returncode()
    return json.loads(process.stdout.splitlines()[-1])
