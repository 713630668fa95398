"""Whether two runs are the same one: compared by their metadata."""

import json
import math
import operator

from fast_style.checkpoints import store

# Settings that may differ between a run and the one that resumes it.
_FREE = {("training", "steps"), ("training", "photos_found")}
_MEASURED = "distances"  # of a style: each process measures them anew
# What is told by its contents, and by its name only where metadata written before 0.2 lack these.
_CONTENTS = {"photos_sha256": "photos", "vgg_sha256": "vgg_weights"}
_HERE = (".", "..", "")  # names of photographs that name no folder


def differences(stored, metadata):
    """The settings in which two runs differ.

    Args:
        stored: metadata of one run, as read from JSON.
        metadata: metadata of the other.

    Returns:
        list of (name, stored value, other value).
    """
    metadata = json.loads(json.dumps(metadata))  # tuples become lists, as in `stored`
    tasks = [store.task_of(one) for one in (stored, metadata)]
    if tasks[0] != tasks[1]:
        return [("task", *tasks)]
    # A schedule that ends at the last step makes the result depend on the number of steps.
    scheduled = "learning_rate_schedule" in metadata["training"]
    free = _FREE - {("training", "steps")} if scheduled else _FREE
    free |= {("training", name) for pair in _CONTENTS.items() for name in pair}
    found = []
    for group in ("network", "style", "styles", "losses", "training"):
        before, now = (_by_name(one.get(group, {})) for one in (stored, metadata))
        for name in dict.fromkeys((*now, *before)):
            same = _close if name.endswith(_MEASURED) else operator.eq
            if (group, name) not in free and not same(before.get(name), now.get(name)):
                found.append((f"{group} {name}", before.get(name), now.get(name)))
    found += _other_contents(stored.get("training", {}), metadata["training"])
    found += _other_origin(stored.get("init_from"), metadata.get("init_from"))
    # What was measured differs where something else does: that is to be named first.
    return sorted(found, key=lambda difference: difference[0].endswith(_MEASURED))


def unmeasured(metadata):
    """Metadata without what each worker measures or names for itself."""
    if isinstance(metadata, dict):
        free = {_MEASURED, "versions", *(n for c, n in _CONTENTS.items() if c in metadata)}
        return {n: unmeasured(value) for n, value in metadata.items() if n not in free}
    return [unmeasured(each) for each in metadata] if isinstance(metadata, list) else metadata


def _other_contents(before, now):
    found = []
    for content, name in _CONTENTS.items():
        if content in before and content in now:
            same = before[content] == now[content]
        else:
            same = before.get(name) == now.get(name) or before.get(name) in _HERE
        if not same:
            found.append((name, *(_described(one, name, content) for one in (before, now))))
    return found


def _described(group, name, content):
    files = f", {group['photos_found']} files" if name == "photos" else ""
    return f"{group.get(name)}{files}{_digits(group.get(content))}"


def _digits(sha256):
    """The beginning of a hash, which tells what has the same name apart."""
    return f", sha256 {sha256[:8]}" if sha256 else ""


def _other_origin(before, now):
    """The networks that two runs started from, if they are not the same one."""
    hashes = [one and one.get("sha256") for one in (before, now)]
    # Of a run of an earlier version it is only known whether there was one.
    known = all(hashes) if before and now else before is None or hashes[0]
    if not known or hashes[0] == hashes[1]:
        return []
    return [
        (
            "init_from",
            *(
                one and f"step {one.get('step')}{_digits(one.get('sha256'))}"
                for one in (before, now)
            ),
        )
    ]


def _by_name(group):
    """A list of styles as a dict."""
    if isinstance(group, list):
        styles = {f"{s['name']} {key}": s[key] for s in group for key in s if key != "name"}
        return {"names": [style["name"] for style in group]} | styles
    return group


def _close(before, now):
    """Whether what was measured is the same up to rounding."""
    if isinstance(before, dict) and isinstance(now, dict):
        return before.keys() == now.keys() and all(_close(before[n], now[n]) for n in before)
    if isinstance(before, float) and isinstance(now, float):
        return math.isclose(before, now, rel_tol=1e-3)
    return before == now
