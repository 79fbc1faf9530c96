"""What a probe may use, and which calls it never makes."""

import os
import re
import resource
import signal

MIB = 1 << 20
ADDRESS_SPACE = 6144 * MIB
FILE_SIZE = 64 * MIB
CPU_SECONDS = 30
#: Above what a package opens, and above all numbers that a probe passes.
REPORT_DESCRIPTOR = 200

#: Words of names that end, stop or replace the process, wait for something, or act on the machine.
_DENIED = {
    *("abort", "abrt", "bench", "benchmark", "breakpoint", "chdir", "chroot", "crash"),
    *("daemon", "daemonize", "debugger", "download", "exec", "execl", "execv", "execve"),
    *("exit", "fchdir", "forever", "fork", "forkpty", "halt", "input", "install", "interrupt"),
    *("kill", "killpg", "main", "mainloop", "mount", "pause", "popen", "quit", "reboot"),
    *("segfault", "selftest", "serve", "shutdown", "sigabrt", "sigsegv", "sleep", "spawn"),
    *("suspend", "system", "terminate", "test", "tests", "umount", "unmount", "unshare"),
    *("vfork", "wait"),
}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

#: Parameters whose numbers mean a process, a descriptor or an address.
_DANGEROUS = re.compile(
    r"(^|_)(pid|pgid|tid|fd|fds|fileno|file|descriptor|handle|sock|socket|signal|signum|sig|"
    r"addr|address|ptr|pointer)($|_|\d)"
)


def split_words(name):
    """Split `setContext`, `set_context` or `HTMLParser` into lower-case words."""
    return [word.lower() for word in _WORD.findall(name)]


def is_allowed(name):
    """Whether a function or method of this name may be called."""
    return not name.startswith("_") and _DENIED.isdisjoint(split_words(name))


def takes_handle(parameter):
    """Whether a number passed there may mean a process, a descriptor or an address."""
    return bool(_DANGEROUS.search(parameter.lower()))


def close_streams():
    """Lead standard input, output and error to nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def limit_process(memory):
    """Limit the size of files, core dumps and, if `memory`, the address space, for forks, too."""
    limits = [(resource.RLIMIT_FSIZE, FILE_SIZE), (resource.RLIMIT_CORE, 0)]
    if memory:
        limits.append((resource.RLIMIT_AS, ADDRESS_SPACE))
    for what, most in limits:
        _, hard = resource.getrlimit(what)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, hard))


def limit_cpu():
    """Limit the processor time of this process from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
