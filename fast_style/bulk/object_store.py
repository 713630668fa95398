"""Objects in buckets of S3 and Google Cloud Storage, by URL."""

import contextlib
import datetime
import functools
import re

from fast_style.errors import InvalidValue, UserError, first_line

SCHEMES = ("s3", "gs")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_RIGHTS = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken")
_STATUS = re.compile(r"status code: (\d{3})")


class StorageError(UserError, OSError):
    """A bucket that does not answer as it should."""


def is_url(path):
    """Whether a path names something by scheme (bool), such as s3://bucket/photos."""
    return re.match(r"[A-Za-z][\w+.-]*://", path) is not None


def split(url):
    """The bucket's URL and the key of "s3://bucket/some/key": ("s3://bucket", "some/key").

    Raises:
        ValueError: another scheme, or no bucket.
    """
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in SCHEMES:
        raise InvalidValue(
            f"{url}: URLs begin with {' or '.join(f'{name}://' for name in SCHEMES)}; mount other "
            "storage as a folder"
        )
    if not re.fullmatch(r"[\w.-]+", bucket):
        raise InvalidValue(f"{url}: names no bucket, as {scheme}://BUCKET/FOLDER does")
    return f"{scheme}://{bucket}", key


def read(url, max_bytes):
    """The contents (bytes) of an object.

    Raises:
        ValueError: it has more than `max_bytes`, and was not read.
        OSError: it is missing, or can't be read.
    """
    bucket, key = split(url)
    with _reporting(url):
        result = _open(bucket).get(key)
        size = result.meta["size"]
        if size > max_bytes:
            raise InvalidValue(f"{url}: {size:,} bytes, over the limit of {max_bytes:,}")
        return result.bytes().to_bytes()


def modified(url):
    """When an object was written, seconds since 1970; None: there is none.

    Raises:
        OSError: that can't be told.
    """
    bucket, key = split(url)
    try:
        with _reporting(url):
            return _open(bucket).head(key)["last_modified"].timestamp()
    except FileNotFoundError:
        return None


def write(url, contents):
    """Stores an object, in place of one that is there: whole, or, after an error, not at all.

    Raises:
        OSError: it can't be written.
    """
    bucket, key = split(url)
    with _reporting(url):
        _open(bucket).put(key, contents)


def walk(url):
    """The URLs of all objects below a folder, page by page as the server lists them.

    Args:
        url: of the folder, or of a bucket.

    Raises:
        OSError: no such bucket, no rights, no answer.
    """
    bucket, key = split(url)
    with _reporting(url):
        for page in _open(bucket).list(key.strip("/") or None, chunk_size=1000):
            for found in page:
                yield f"{bucket}/{found['path']}"


@functools.lru_cache(64)
def _open(bucket):
    from obstore.store import from_url

    retries = {"max_retries": 5, "retry_timeout": datetime.timedelta(seconds=60)}
    # HTTP without TLS where an endpoint in the environment says so: servers of one's own.
    return from_url(bucket, client_options={"allow_http": True}, retry_config=retries)


def forget():
    """Opens all buckets anew, as after a change of the environment that names their server."""
    _open.cache_clear()


@contextlib.contextmanager
def _reporting(url):
    """Context that turns the library's errors, of many lines, into those of the system."""
    try:
        from obstore.exceptions import BaseError
    except ImportError as error:
        raise InvalidValue(
            f"{url}: URLs need the package obstore: pip install 'fast-style[bulk]'"
        ) from error
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        text, (bucket, _) = str(error), split(url)
        code = match[1] if (match := _CODE.search(text)) else None
        status = match[1] if (match := _STATUS.search(text)) else None
        if code == "NoSuchBucket":
            raise FileNotFoundError(f"{bucket}: no such bucket") from error
        if code in _RIGHTS or status in ("401", "403"):
            raise PermissionError(
                f"{url}: no rights ({code or f'HTTP status {status}'})"
            ) from error
        if isinstance(error, FileNotFoundError):
            raise FileNotFoundError(f"{url}: no such object") from error
        raise StorageError(f"{url}: {code or first_line(error)}") from error
