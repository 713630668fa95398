"""What the command bulk says while it works: a bar on a terminal, else a line from time to time."""

import contextlib
import sys
import threading
import time

import tqdm

from fast_style.bulk.manifest import EXISTING, FAILED, PAINTED
from fast_style.errors import MENDABLE, printable

_LINES_EVERY = 30.0  # seconds
_ERRORS_SHOWN = 10
_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_noinv_fmt}{postfix}]"


class Report:
    """Counts rows, hands them to the manifest, and says how far the work is; a context manager.

    Args:
        source: has `count()`, which may take long and is waited for by nothing.
        records: `fast_style.bulk.manifest.Manifest`.

    Attributes:
        failed: int, photographs that could not be painted.
        counted: `threading.Event`, set when the photographs are counted, or can't be.
    """

    def __init__(self, source, records):
        self._records = records
        self._counts = dict.fromkeys((PAINTED, EXISTING, FAILED), 0)
        self._total = None
        self.counted = threading.Event()
        self._counting = threading.Thread(target=self._count, args=(source,), daemon=True)
        self._terminal = sys.stderr.isatty()

    @property
    def failed(self):
        return self._counts[FAILED]

    def __enter__(self):
        self._started = self._said = time.monotonic()
        self._counting.start()
        self._bar = tqdm.tqdm(unit="images", bar_format=_BAR, disable=not self._terminal)
        return self

    def __exit__(self, *_):
        self._bar.close()
        self._records.close()
        if not any(self._counts.values()):
            return
        seconds = time.monotonic() - self._started
        rate = self._counts[PAINTED] / seconds
        print(
            f"{self._describe()} in {seconds:.1f} s, {rate:.2f} images/s; "
            f"manifest: {printable(self._records.folder)}"
        )

    def add(self, row):
        """Takes a `fast_style.bulk.manifest.Row`, or None where time alone has passed."""
        if row is None:
            self._records.tick()
        else:
            self._counts[row.status] += 1
            self._records.add(row)
            if row.status == FAILED:
                self._show_error(row)
        if self._terminal:
            self._bar.total = self._total
            self._bar.set_postfix(failed=self.failed, refresh=False)
            self._bar.update(row is not None)
        elif time.monotonic() > self._said + _LINES_EVERY:
            self._said = time.monotonic()
            print(self._progress(), flush=True)

    def _show_error(self, row):
        if self.failed <= _ERRORS_SHOWN:
            text = row.error if row.source in row.error else f"{row.source}: {row.error}"
            self._bar.write(f"error: {printable(text)}", file=sys.stderr)
        elif self.failed == _ERRORS_SHOWN + 1:
            self._bar.write("more errors are in the manifest", file=sys.stderr)

    def _progress(self):
        """Such as "1,204 painted, 3 failed of 10,000; 8.31 images/s; 17 min left"."""
        ended = sum(self._counts.values())
        worked = ended - self._counts[EXISTING]
        rate = worked / (time.monotonic() - self._started)
        text = self._describe()
        if self._total is not None:
            text += f" of {self._total:,}"
        text += f"; {rate:.2f} images/s"
        if self._total is not None and rate:
            text += f"; {_duration((self._total - ended) / rate)} left"
        return text

    def _describe(self):
        counts = self._counts
        text = f"{counts[PAINTED]:,} painted"
        if counts[FAILED]:
            text += f", {counts[FAILED]:,} failed"
        if counts[EXISTING]:
            text += f", {counts[EXISTING]:,} exist already"
        return text

    def _count(self, source):
        with contextlib.suppress(*MENDABLE):  # which whoever lists for the work reports
            self._total = source.count()
        self.counted.set()


def _duration(seconds):
    """Such as "40 s", "17 min" or "5.2 h"."""
    if seconds < 100:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
