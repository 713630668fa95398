"""What the command paint says of each image: lines for people, or JSON for scripts."""

import json
import sys

from fast_style.commands import streams
from fast_style.errors import one_line, printable
from fast_style.painting.output_plan import describe_left_out


class Report:
    """Says what became of each image, and counts.

    Args:
        plan: `fast_style.painting.output_plan.Plan`.
        wanted: those of its files that are painted; the others exist already.
        names: dict from paths to what messages call them.
        stream: binary file for a line of JSON for each image; None: plain lines are printed.

    Attributes:
        failed: int, how many images could not be painted.
    """

    def __init__(self, plan, wanted, names, stream=None):
        self._plan = plan
        self._wanted = wanted
        self._names = names
        self._stream = stream
        self._print = print
        self.failed = 0

    def problems(self):
        """Reports what the plan could not find, and which results exist; returns their number."""
        for path, error in self._plan.errors.items():
            self._report(path, None, error=error)
        wanted = set(self._wanted)
        for file in self._plan.files:
            if file not in wanted:
                self._report(file.source, file.target)
        return len(self._plan.errors)

    def outcomes(self, running):
        """Reports each `fast_style.painting.file_batch.Outcome` as it comes.

        Several files get a progress bar, on standard error.
        """
        if len(self._wanted) < 2:
            for outcome in running:
                self._outcome(outcome)
            return
        import tqdm  # which the start of the program need not wait for

        self._print = tqdm.tqdm.write
        with tqdm.tqdm(total=len(self._wanted), unit="image") as bar:
            for outcome in running:
                self._outcome(outcome)
                bar.update()

    def _outcome(self, outcome):
        self.failed += outcome.error is not None
        file = outcome.file
        self._report(file.source, file.target, outcome.size, outcome.seconds, outcome.error)

    def summary(self):
        """Prints how many of all images were painted, unless it was a single one."""
        existing = len(self._plan.files) - len(self._wanted)
        total = len(self._plan.files) + self._plan.missing
        others = describe_left_out(self._plan.left_out)
        if not self._wanted and existing:
            counts = f"all {existing} images exist already"
        elif total > 1 or others:
            counts = f"{len(self._wanted) - self.failed} of {total} images painted"
            counts += f", {existing} exist already" if existing else ""
        else:
            return
        print(printable(counts + (f"; {others}" if others else "")))

    def _report(self, source, target, size=None, seconds=None, error=None):
        message = None if error is None else self._shown(one_line(error))
        if message is not None:
            paths = [self._shown(one_line(path)) for path in (source, target) if path]
            known = any(path in message for path in paths)
            line = message if known else f"{self._shown(source)}: {message}"
            self._print(f"error: {line}", file=sys.stderr)
        elif seconds is not None and self._stream is None:
            self._print(f"{self._shown(target)}: {seconds:.2f} s")
        if self._stream is not None:
            self._write_json(source, target, size, seconds, message)

    def _write_json(self, source, target, size, seconds, error):
        # Escaped to ASCII, so that a script gets back file names that are no UTF-8, too.
        line = json.dumps(
            {
                "source": self._given(source),
                "target": self._given(target),
                "size": size,
                "seconds": seconds and round(seconds, 4),
                "error": error,
            }
        )
        self._stream.write(f"{line}\n".encode("ascii"))
        self._stream.flush()

    def _given(self, path):
        name = self._names.get(path, path)
        return streams.STANDARD if name == streams.INPUT else name

    def _shown(self, text):
        for path, name in self._names.items():
            text = text.replace(path, name)
        return printable(text)
