"""How does a worker keep the memory that each step frees and takes again? By telling the C library to."""

import ctypes
import platform
from collections.abc import Mapping

TUNABLES = "GLIBC_TUNABLES"
# malloc.h of the GNU C library: names and values of what mallopt changes.
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
SETTINGS = {MMAP_THRESHOLD: 32 << 20, TRIM_THRESHOLD: (2 << 30) - 1, TOP_PAD: 256 << 20}  # bytes


def huge_pages(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which the C library of a new process asks for pages of 2 MiB: seen to take 4 to 6 % off a step.

    Where the C library is another one, or the system has no such pages, nothing changes.
    """
    known = environment.get(TUNABLES, "")
    return {**environment, TUNABLES: ":".join(filter(None, (known, "glibc.malloc.hugetlb=1")))}


def keep_freed_memory() -> bool:
    """Let freed blocks of up to 32 MiB stay with this process, to be used again by the next step.

    Without it every map of a net is fetched from the system, page by page, and given back, in every step
    (benchmarks/throughput.md has the cost). False where the C library is another one than GNU's.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    kept = [mallopt(name, value) == 1 for name, value in SETTINGS.items()]  # each of them, whatever the others say
    return all(kept)
