"""System calls that reach past Landlock, refused by a filter (seccomp): what a process of the same user could do.

The list is one of refusals, since nobody knows all that numerical libraries call; what is newer than it is refused too.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator, Mapping

from kernel import check, libc

PR_SET_SECCOMP, MODE_FILTER = 22, 2
LOAD, AND, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT = 0, 4, 16, 24
ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
FIRST_UNKNOWN = 450
"""Newer than Linux 5.16, and the numbers of the x32 ABI. Libraries fall back to older ones."""
X32 = 0x40000000
NEW_NAMESPACES = 0x7E020080
IOCTLS = (0x5412, 0x541C, 0x40086602, 0x401C5820)
"""TIOCSTI, TIOCLINUX; FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR, which need no file that is open for writing."""

MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""Machine → how the kernel calls it, and the place of its numbers below."""

# Numbers on x86_64 and aarch64, from the kernel's tables; None where there is no such call.
REFUSED: Mapping[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "migrate_pages": (256, 238), "move_pages": (279, 239),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195),
    "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
    "mq_open": (240, 180), "mq_unlink": (241, 181),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "io_uring_setup": (425, 425), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "mount_setattr": (442, 442),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fspick": (433, 433),
    "pivot_root": (155, 41), "chroot": (161, 51), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262), "inotify_add_watch": (254, 27),
}  # fmt: skip
WITHOUT_EFFECT: Mapping[str, tuple[int | None, int | None]] = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
}  # fmt: skip
"""They seem to succeed and do nothing: whoever copies a file copies its mode and times, and could not go on."""
UNSUPPORTED: Mapping[str, tuple[int | None, int | None]] = {
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "getxattr": (191, 8), "lgetxattr": (192, 9), "fgetxattr": (193, 10),
    "listxattr": (194, 11), "llistxattr": (195, 12), "flistxattr": (196, 13),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
}  # fmt: skip
OF_ITSELF_ONLY: Mapping[str, tuple[int | None, int | None]] = {
    "prlimit64": (302, 261), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122), "sched_setattr": (314, 274),
}  # fmt: skip
"""Their first argument is a process; 0 is the caller."""
CLONE, CLONE3, IOCTL, SOCKETPAIR = (56, 220), (435, 435), (16, 29), (53, 199)
SOCKET_TYPES, STREAM = 0xF, 1

Instruction = tuple[int, int, int, int]


def refuse() -> None:
    """Install the filter for this process and all that it starts; no new privileges must be forbidden before."""
    machine = os.uname().machine
    if machine not in MACHINES:
        raise SystemExit(f"no system calls are known of a machine {machine!r}")
    check(install(program(machine)), "seccomp")


def refuse_keys() -> None:
    """Close the kernel's keyrings, which no namespace hides; where that cannot be done, it is for a probe to say."""
    machine = os.uname().machine
    if machine in MACHINES:
        install(program_of_keys(machine))


def install(instructions: list[Instruction]) -> int:
    """Filter the calls of this process and all that it starts by these instructions; below 0 where that fails."""
    filters = [struct.pack("=HBBI", *one) for one in instructions]
    content = ctypes.create_string_buffer(b"".join(filters))
    described = ctypes.create_string_buffer(struct.pack("@HP", len(filters), ctypes.addressof(content)))
    address = ctypes.c_ulong(ctypes.addressof(described))
    zero = ctypes.c_ulong(0)
    return int(libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(MODE_FILTER), address, zero, zero))


def program(machine: str) -> list[Instruction]:
    """The filter: classic BPF over the number and the arguments of a call. A jump counts the instructions it skips."""
    name, place = MACHINES[machine]
    found = [*unless_equal(ARCHITECTURE, name, KILL), (LOAD, 0, 0, NUMBER)]
    found += [(AT_LEAST, 0, 1, FIRST_UNKNOWN), (RETURN, 0, 0, ERROR | errno.ENOSYS)]
    groups = (
        (REFUSED, errno.EPERM),
        (WITHOUT_EFFECT, 0),
        (UNSUPPORTED, errno.EOPNOTSUPP),
        ({"": CLONE3}, errno.ENOSYS),
    )
    for calls, error in groups:
        numbers = [numbers[place] for numbers in calls.values()]
        found += [one for number in numbers if number is not None for one in returning(number, ERROR | error)]
    for calls_itself in OF_ITSELF_ONLY.values():
        found += when(
            calls_itself[place], [*unless_equal(FIRST_ARGUMENT, 0, ERROR | errno.EPERM), (RETURN, 0, 0, ALLOW)]
        )
    masked = [(LOAD, 0, 0, FIRST_ARGUMENT), (ANY_BIT, 0, 1, NEW_NAMESPACES), (RETURN, 0, 0, ERROR | errno.EPERM)]
    found += when(CLONE[place], [*masked, (RETURN, 0, 0, ALLOW)])
    # Datagrams of a pair can be sent to any service's socket.
    typed = [(LOAD, 0, 0, SECOND_ARGUMENT), (AND, 0, 0, SOCKET_TYPES), *returning(STREAM, ALLOW)]
    found += when(SOCKETPAIR[place], [*typed, (RETURN, 0, 0, ERROR | errno.EPERM)])
    commands = [one for command in IOCTLS for one in returning(command, ERROR | errno.EPERM)]
    found += when(IOCTL[place], [(LOAD, 0, 0, SECOND_ARGUMENT), *commands, (RETURN, 0, 0, ALLOW)])
    return [*found, (RETURN, 0, 0, ALLOW)]


def program_of_keys(machine: str) -> list[Instruction]:
    """The same for keyrings alone."""
    name, place = MACHINES[machine]
    found = [*unless_equal(ARCHITECTURE, name, KILL), (LOAD, 0, 0, NUMBER)]
    found += [(AT_LEAST, 0, 1, X32), (RETURN, 0, 0, ERROR | errno.ENOSYS)]
    numbers = [REFUSED[call][place] for call in ("add_key", "request_key", "keyctl")]
    found += [one for number in numbers if number is not None for one in returning(number, ERROR | errno.EPERM)]
    return [*found, (RETURN, 0, 0, ALLOW)]


def returning(value: int, action: int) -> Iterator[Instruction]:
    """Return the action where what was loaded is the value."""
    yield (EQUAL, 0, 1, value)
    yield (RETURN, 0, 0, action)


def unless_equal(offset: int, value: int, action: int) -> Iterator[Instruction]:
    """Load what lies there, and return the action where it is something else."""
    yield (LOAD, 0, 0, offset)
    yield (EQUAL, 1, 0, value)
    yield (RETURN, 0, 0, action)


def when(number: int | None, body: list[Instruction]) -> list[Instruction]:
    """The body, which has to return, for one call only."""
    return [] if number is None else [(EQUAL, 0, len(body), number), *body]
