"""Run probes in throwaway children, and find out which probe ended a child."""

import fcntl
import json
import os
import select
import shutil
import signal
import time

from _finfuzz_discover.safety import REPORT_DESCRIPTOR, close_streams, limit_cpu

#: Children that one list of probes may cost; a list whose every probe crashes ends here.
MOST_DEATHS = 12
#: The unit of processor times in /proc.
_TICK = 1 / os.sysconf("SC_CLK_TCK")


class Death:
    """How a probe ended its child: `how` is SIGSEGV, `hangs` or `exits with 3`."""

    def __init__(self, how):
        self.how = how


class Runner:
    """Runs lists of functions in children.

    Each child has an empty folder of its own below `scratch`. `seconds`: what one probe may take,
    or its processor time where the machine is busy.
    """

    def __init__(self, scratch, seconds=2.0):
        self.scratch = scratch
        self.seconds = seconds
        self.children = 0

    def run(self, probes, until):
        """Return the probes' answers in order: a JSON value or a Death.

        Probes that the time (`until`, of the monotonic clock) or too many deaths left over have no
        answer, so the list may be shorter than `probes`. A probe that raises answers None.
        """
        answers, deaths = [], 0
        while len(answers) < len(probes) and deaths < MOST_DEATHS and time.monotonic() < until:
            death = self._run_child(probes[len(answers) :], answers, until)
            if death is not None:
                answers.append(death)
                deaths += 1
        return answers

    def _run_child(self, probes, answers, until):
        folder = os.path.join(self.scratch, "probe%d" % self.children)
        self.children += 1
        os.mkdir(folder)
        receiver, sender = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(receiver)
                _serve(probes, sender, folder)
            finally:
                os._exit(0)
        os.close(sender)
        timed_out = None
        try:
            timed_out = self._receive(pid, receiver, len(probes), answers, until)
        finally:
            os.close(receiver)
            status = _end(pid, patient=timed_out is False)
            shutil.rmtree(folder, ignore_errors=True)
        if timed_out is None:
            return None
        if timed_out and time.monotonic() >= until:
            return None
        return Death(_name_end(status, timed_out))

    def _receive(self, pid, receiver, wanted, answers, until):
        """Append the answers that arrive. Return None if all did, else whether time ran out."""
        pending, got = b"", 0
        patience = _Patience(pid, self.seconds)
        while got < wanted:
            seconds = max(0.0, min(self.seconds, until - time.monotonic()))
            if not select.select([receiver], [], [], seconds)[0]:
                if time.monotonic() < until and patience.lasts():
                    continue
                return True
            data = os.read(receiver, 1 << 16)
            if not data:
                return False
            *lines, pending = (pending + data).split(b"\n")
            answers.extend(json.loads(line) for line in lines)
            got += len(lines)
            patience.renew()
        return None


class _Patience:
    """Tells a child that hangs from one that a busy machine leaves waiting.

    It lasts while the child uses the processor, up to `seconds` of processor time.
    """

    def __init__(self, pid, seconds):
        self._pid = pid
        self._seconds = seconds
        self.renew()

    def renew(self):
        """Begin again: the child has answered."""
        self._first = self._last = _read_cpu_seconds(self._pid)

    def lasts(self):
        """Whether to wait on."""
        now = _read_cpu_seconds(self._pid)
        if now is None or self._last is None:
            return False
        works = now - self._last >= _TICK and now - self._first < self._seconds
        self._last = now
        return works


def _read_cpu_seconds(pid):
    """Return the processor time of a process, None where /proc has none or it has ended."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else (int(fields[11]) + int(fields[12])) * _TICK


def _serve(probes, sender, folder):
    """Answer each probe by one line. A process that a probe forked never returns from here."""
    own = os.getpid()
    os.setsid()
    os.chdir(folder)
    close_streams()
    limit_cpu()
    report = fcntl.fcntl(sender, fcntl.F_DUPFD_CLOEXEC, REPORT_DESCRIPTOR)
    os.close(sender)
    for probe in probes:
        try:
            answer = probe()
        except BaseException:
            answer = None
        if os.getpid() != own:
            os._exit(0)
        line = json.dumps(answer).encode() + b"\n"
        while line:
            line = line[os.write(report, line) :]


def _end(pid, patient):
    """Kill the child's process group and reap the child. Return its status, None if it still ran.

    `patient`: the child's end of the pipe is closed, so the child is ending or did close it itself.
    """
    if patient:
        watched = os.pidfd_open(pid)
        select.select([watched], [], [], 2)
        os.close(watched)
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
    if not ended:
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass
    status = os.waitpid(pid, 0)[1]
    return status if ended else None


def _name_end(status, timed_out):
    if status is None:
        return "hangs" if timed_out else "closes its descriptors"
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return "exits with %d" % os.WEXITSTATUS(status)
