"""What the commands of bench/ share: running a program and what it took, inputs, the machine, results in Markdown."""

import argparse
import datetime
import os
import platform
import shlex
import statistics
import subprocess
import sys
import threading
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(BENCH)
INDEX = os.environ.get("XUNJU_INDEX", os.path.join(ROOT, "build/release/indexer/xunju-index"))
QUERY = os.environ.get("XUNJU_QUERY", os.path.join(ROOT, "build/release/query/xunju-query"))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "xunju-bench")


class Run:
    """One run of a command: cpu and wall seconds, rss bytes at the peak, output. The CPU is that of the command and of all its
    children that it waited for; the peak is that of the largest of them. This program's own size, some 20 MB, is its floor."""

    def __init__(self, command, stdin=None, ok=(0,)):
        started = time.monotonic()
        with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            self.output, errors = drain(process)
            _, status, usage = os.wait4(process.pid, 0)
            self.wall = time.monotonic() - started
            process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.rss = usage.ru_maxrss * 1024
        self.status = process.returncode
        if self.status not in ok:
            raise RuntimeError("%s ended with %d\n%s" % (shlex.join(command), self.status, (errors or self.output)[-2000:]))


def drain(process):
    """Both outputs of a process to their ends, without waiting for the process."""
    errors = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
    reader.start()
    output = process.stdout.read()
    reader.join()
    return output, errors[0]


def need(program):
    if not os.access(program, os.X_OK):
        sys.exit("%s is not there: build it (cmake --preset release && cmake --build --preset release) or name another with "
                 "$XUNJU_INDEX and $XUNJU_QUERY" % program)


def peer(folder):
    """The program of a peer, or None and what its setup wants."""
    program = os.path.join(CACHE, folder, "run")
    if os.access(program, os.X_OK):
        return program, None
    with open(os.path.join(BENCH, "peers", folder, "setup"), encoding="utf-8") as f:
        wants = [line[9:].strip() for line in f if line.startswith("# Wants: ")]
    return None, "was left out: `bench/setup %s` builds it, wanting: %s" % (folder, "".join(wants))


def files(path):
    if os.path.isfile(path):
        return [path]
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names
                  if name.endswith((".txt", ".md", ".jsonl")))


def join(path, to):
    """All bytes of an input in one file."""
    with open(to, "wb") as out:
        for name in files(path):
            with open(name, "rb") as f:
                while block := f.read(1 << 20):
                    out.write(block)


def generate(path, reports, seed=1):
    with open(path, "wb") as out:
        subprocess.run(generator(reports, seed), stdout=out, check=True)


def generator(reports, seed):
    return [os.path.join(ROOT, "corpus/generate"), "--seed", str(seed), "--reports", str(reports), "--format", "jsonl"]


def folder_bytes(path):
    """Bytes of all files below a folder, and bytes of the blocks they take on disk."""
    stats = [os.stat(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names]
    return sum(s.st_size for s in stats), sum(s.st_blocks * 512 for s in stats)


def commit():
    """Of the checkout, with "+" for changes that are not committed."""
    run = subprocess.run(["git", "--no-optional-locks", "-C", ROOT, "describe", "--always", "--dirty=+", "--exclude=*"],
                         capture_output=True, text=True, check=False)
    return run.stdout.strip() or "unknown"


def machine():
    models = fields("/proc/cpuinfo", "model name", ":")
    memory = fields("/proc/meminfo", "MemTotal", ":")
    system = fields("/etc/os-release", "PRETTY_NAME", "=")
    return "%s, %d processors, %.0f GB of memory, %s" % (
        models[0] if models else platform.machine(), os.cpu_count(), int(memory[0].split()[0]) / 1e6 if memory else 0,
        system[0].strip('"') if system else platform.system())


def fields(path, name, separator):
    try:
        with open(path, encoding="utf-8") as f:
            return [line.split(separator, 1)[1].strip() for line in f if line.startswith(name)]
    except OSError:
        return []


def spread(values, form="%.2f"):
    """median (least–most), or the one value."""
    if len(values) == 1:
        return form % values[0]
    return "%s (%s–%s)" % (form % statistics.median(values), form % min(values), form % max(values))


def head(title):
    """The lines that a result begins with: what was run, when, of what, where. Paths are named by their last part."""
    words = [os.path.basename(word.rstrip("/")) if os.sep in word and os.path.exists(word) else word for word in sys.argv[1:]]
    command = "bench/%s" % os.path.basename(sys.argv[0])
    return ["# %s" % title, "",
            "`%s`, %s, commit %s" % (shlex.join([command] + words), datetime.date.today().isoformat(), commit()), "",
            "%s; load average at the start %.1f" % (machine(), os.getloadavg()[0]), ""]


def table(titles, rows):
    return ["| %s |" % " | ".join(titles), "|%s" % ("---|" * len(titles))] + ["| %s |" % " | ".join(row) for row in rows]


def publish(lines, name):
    """Prints a result and keeps it in bench/results/; no name, no file."""
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if name:
        path = os.path.join(BENCH, "results", name + ".md")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)


def parser(doc):
    """Of options, for a command whose doc string says how it is used."""
    return argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)


def start(main):
    """Runs a command's main; a program that failed is an error message and no traceback."""
    try:
        sys.exit(main())
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit("bench/%s: %s" % (os.path.basename(sys.argv[0]), error))
