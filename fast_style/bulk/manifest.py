"""The record of a bulk run: how each photograph ended, in Parquet files."""

import datetime
import io
import os
import secrets
import time
from dataclasses import asdict, dataclass

from fast_style import atomic_files
from fast_style.bulk import storage
from fast_style.errors import printable

FOLDER = "_manifest"
"""Name of the folder of manifests in the folder of results."""
PAINTED, EXISTING, FAILED = "painted", "existing", "failed"
"""How a photograph ends."""

_MOST_ROWS = 10_000  # of a file, which are held until then
_MOST_SECONDS = 60.0  # for which rows are held, and with the driver lost


@dataclass(frozen=True)
class Row:
    """How one photograph ended.

    Attributes:
        source, target: paths or URLs; no target for what has none, such as an unreadable folder.
        status: `PAINTED`, in this run; `EXISTING`, the result was there before; or `FAILED`.
        width, height: of the result, pixels; None unless it was painted.
        seconds: of painting, without reading and writing; None where nothing was painted, and
            where the process that did it died before it could tell.
        node: the machine.
        error: why it failed; None otherwise.
        notes: what a user should know of how the photograph was read; None for most.
    """

    source: str
    target: str | None
    status: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    node: str | None = None
    error: str | None = None
    notes: str | None = None


class Manifest:
    """Writes rows to a folder of its own, a Parquet file for every few thousand.

    pandas, Polars, DuckDB and Spark read the folder as one table.

    Args:
        folder: path or URL in which the run's folder is made.

    Attributes:
        folder: path or URL of the run's folder.
        started: when it was made, seconds by its storage's clock.

    Raises:
        OSError: it can't be written.
    """

    def __init__(self, folder):
        started = datetime.datetime.now(datetime.timezone.utc)
        run = f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self.folder = storage.join(folder, run)
        if not storage.is_url(folder):
            atomic_files.make_folder(folder, "manifests")
            os.mkdir(self.folder)
        self._rows, self._parts, self._since = [], 0, time.monotonic()
        # An empty table, which tells whether it can be written.
        self.started = storage.modified(self._write())

    def add(self, row):
        """Adds a `Row`; may write a file."""
        self._rows.append(row)
        self.tick()

    def tick(self):
        """Writes the rows that are held if they are many or old."""
        old = time.monotonic() - self._since > _MOST_SECONDS
        if len(self._rows) >= _MOST_ROWS or (self._rows and old):
            self._write()

    def close(self):
        """Writes the rows that are held."""
        if self._rows:
            self._write()

    def _write(self):
        import pyarrow as pa
        from pyarrow import parquet

        schema = pa.schema(
            [
                *((name, pa.string()) for name in ("source", "target", "status")),
                *((name, pa.int32()) for name in ("width", "height")),
                ("seconds", pa.float64()),
                *((name, pa.string()) for name in ("node", "error", "notes")),
            ]
        )
        rows = [{name: _text(value) for name, value in asdict(row).items()} for row in self._rows]
        stream = io.BytesIO()
        parquet.write_table(pa.Table.from_pylist(rows, schema), stream, compression="zstd")
        path = storage.join(self.folder, f"part-{self._parts:06}.parquet")
        storage.write_bytes(path, stream.getvalue())
        self._rows, self._since = [], time.monotonic()
        self._parts += 1
        return path


def _text(value):
    """A value as Parquet holds it: names on disks need not be characters."""
    if not isinstance(value, str):
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return printable(value)
    return value
