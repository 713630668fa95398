"""Limits of control groups, in folders made up as Linux has them."""

import pytest

from fast_style.machine import control_groups

MIB = 2**20
V2_MOUNT = "31 23 0:28 {mounted} /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1_MOUNT = "35 31 0:32 {mounted} /sys/fs/cgroup/{name} rw - cgroup cgroup rw,{name}\n"


@pytest.fixture
def write(tmp_path):
    """Writes files below a made-up root, which it returns: dict from path to text."""

    def make(files):
        for path, text in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return make


def v2(group="/", mounted="/"):
    return {
        "proc/self/cgroup": f"0::{group}\n",
        "proc/self/mountinfo": V2_MOUNT.format(mounted=mounted),
    }


def memory(limit, used, cache=(0, 0)):
    stat = "anon 5\ninactive_file {}\nactive_file {}\n".format(*(MIB * c for c in cache))
    return {
        "memory.max": f"{limit * MIB if limit else 'max'}\n",
        "memory.current": f"{used * MIB}\n",
        "memory.stat": stat,
    }


def below(folder, files):
    return {f"sys/fs/cgroup/{folder}{name}": text for name, text in files.items()}


def test_a_full_file_cache_leaves_its_memory(write):
    root = write(v2() | below("", memory(8192, 8100, (5000, 1000))))
    assert control_groups.memory_left(root) == (8192 - 2100) * MIB


def test_the_tightest_level_counts(write):
    files = v2("/user.slice/job")
    files |= below("user.slice/", memory(1000, 700, (100, 0)))
    root = write(files | below("user.slice/job/", memory(2000, 300)))
    assert control_groups.memory_left(root) == 400 * MIB


def test_a_level_without_a_limit_leaves_the_one_above(write):
    files = v2("/a/b") | below("a/b/", memory(None, 300))
    root = write(files | below("a/", memory(500, 400)))
    assert control_groups.memory_left(root) == 100 * MIB


def test_the_limit_from_which_the_kernel_slows_a_group_down_counts(write):
    root = write(v2() | below("", memory(1000, 100) | {"memory.high": f"{300 * MIB}\n"}))
    assert control_groups.memory_left(root) == 200 * MIB


def test_a_group_beyond_its_limit_has_nothing_left(write):
    assert control_groups.memory_left(write(v2() | below("", memory(100, 150)))) == 0


@pytest.mark.parametrize("mounted", ["/docker/abc", "/"])
def test_a_container_sees_its_own_group_at_the_mount(write, mounted):
    """With the host's path in both files, or with one that lies outside of what is mounted."""
    group = "/docker/abc" if mounted != "/" else "/../outside"
    root = write(v2(group, mounted) | below("", memory(64, 10)))
    assert control_groups.memory_left(root) == 54 * MIB


def test_version_1_with_groups_within_groups(write):
    def files(limit, used, cache):
        stat = f"inactive_file 1\ntotal_inactive_file {cache * MIB}\ntotal_active_file 0\n"
        values = (("limit_in_bytes", limit * MIB), ("usage_in_bytes", used * MIB))
        return {f"memory.{name}": f"{value}\n" for name, value in values} | {"memory.stat": stat}

    unlimited = files(0, 0, 0) | {"memory.limit_in_bytes": "9223372036854771712\n"}
    root = write(
        {
            "proc/self/cgroup": "4:memory:/job/step\n3:cpu,cpuacct:/job\n0::/\n",
            "proc/self/mountinfo": V1_MOUNT.format(mounted="/", name="cpu")
            + V1_MOUNT.format(mounted="/", name="memory"),
        }
        | below("memory/", unlimited)
        | below("memory/job/", files(3000, 2500, 1500))
        | below("memory/job/step/", files(4000, 100, 0))
        | below("cpu/", {"cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n"})
        | below("cpu/job/", {"cpu.cfs_quota_us": "150000\n", "cpu.cfs_period_us": "100000\n"})
    )
    assert control_groups.memory_left(root) == 2000 * MIB
    assert control_groups.processors(root) == 1.5


def test_processors_of_version_2(write):
    files = v2("/a/b") | below("a/", {"cpu.max": "200000 100000\n"})
    root = write(files | below("a/b/", {"cpu.max": "max 100000\n"}))
    assert control_groups.processors(root) == 2
    assert control_groups.memory_left(root) is None


def test_a_mount_with_a_space_in_its_path(write):
    files = v2() | {"sys/fs/my groups/memory.max": "100\n", "sys/fs/my groups/memory.current": "1"}
    files["proc/self/mountinfo"] = V2_MOUNT.replace("/fs/cgroup", r"/fs/my\040groups").format(
        mounted="/"
    )
    assert control_groups.memory_left(write(files)) == 99


def test_systems_without_control_groups_have_no_limits(tmp_path):
    assert control_groups.memory_left(tmp_path) is None
    assert control_groups.processors(tmp_path) is None
