"""What each process of a bulk run does: paints the photographs that it is given."""

import threading
from concurrent.futures import ThreadPoolExecutor

from fast_style.bulk import storage
from fast_style.bulk.manifest import EXISTING, FAILED, PAINTED, Row
from fast_style.bulk.storage import Storage
from fast_style.errors import MENDABLE, one_line
from fast_style.painting import file_batch
from fast_style.painting.output_plan import PlannedFile

_LOOKING = 8  # results that are looked for at once: each may be a request to another machine


class Painter:
    """Paints photographs; threads may share it, and while one paints, another one reads.

    Args:
        change: function from `fast_style.images.Picture` to the painted one.
        node: name of this machine, for the rows.
        started: when the run began, seconds by the clock of the results' storage.
        skip_existing: bool, whether a result from before the run is left as it is.
        aside, max_pixels: of `Storage`.
        growth: pixels of a result for each pixel of its photograph.
    """

    def __init__(self, change, node, started, skip_existing, aside, max_pixels, growth=1):
        self._change = change
        self._node = node
        self._started = started
        self._skip_existing = skip_existing
        self._max_pixels = max_pixels
        self._growth = growth
        self._storage = Storage(aside, max_pixels)
        self._lookers = ThreadPoolExecutor(_LOOKING)
        self._painting = threading.Lock()

    def paint(self, photos):
        """Reads, paints and writes photographs whose results are not there yet.

        Args:
            photos: list of pairs of source and target, paths or URLs.

        Returns:
            list of `Row`, one for each.
        """
        rows, files = [], []
        looked = self._lookers.map(self._look, photos)
        for (source, target), found in zip(photos, looked, strict=True):
            if found is None:
                files.append(PlannedFile(source, target))
            else:
                rows.append(found)
        # Every kind of error is a row: one photograph must not end the work on a million.
        outcomes = file_batch.run(
            files, self._paint_one, Exception, self._max_pixels, self._growth, self._storage
        )
        return rows + [self._row(outcome) for outcome in outcomes]

    def _look(self, photo):
        """The row of a photograph with which there is nothing to do; None for others."""
        source, target = photo
        try:
            written = storage.modified(target)
            if written is None:
                return None
            if written >= self._started:  # by a process that died, or for the same photograph
                return Row(source, target, PAINTED, *self._storage.size(target))
        except MENDABLE as error:
            return Row(source, target, FAILED, node=self._node, error=one_line(error))
        return Row(source, target, EXISTING) if self._skip_existing else None

    def _paint_one(self, picture):
        with self._painting:  # memory and threads are planned for one
            return self._change(picture)

    def _row(self, outcome):
        source, target = outcome.file.source, outcome.file.target
        notes = self._storage.notes(source)
        if outcome.error is None:
            size, seconds = outcome.size, outcome.seconds
            return Row(source, target, PAINTED, *size, seconds, self._node, notes=notes)
        text = one_line(outcome.error)
        if not isinstance(outcome.error, MENDABLE):
            text = f"a bug: {type(outcome.error).__name__}: {text}"
        return Row(source, target, FAILED, node=self._node, error=text, notes=notes)
