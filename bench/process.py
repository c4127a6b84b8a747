"""Whole processes that answer one query each, as a script would start them: wall and CPU time less that of an empty program."""

import os
import shutil
import sqlite3
import statistics
import subprocess
import time

import measure

LEAST_RUNS = 5
SECONDS = 2.0  # of runs of one program for one query, after which slow programs get no more than LEAST_RUNS
EMPTY = "an empty program"
EVICTIONS = 5  # tries: pages that somebody has just touched stay for a moment


class Program:
    """command and stdin: functions of a phrase (no command: it cannot answer); files: what it reads."""

    def __init__(self, name, command, stdin, paths, ok=(0,)):
        self.name, self.command, self.stdin, self.ok = name, command, stdin, ok
        self.files = [os.path.join(folder, f) for path in paths for folder, _, names in os.walk(path) for f in names]
        self.files += [path for path in paths if os.path.isfile(path)]


def empty(directory):
    source, program = os.path.join(directory, "empty.c"), os.path.join(directory, "empty")
    with open(source, "w", encoding="utf-8") as f:
        f.write("int main(void) { return 0; }\n")
    subprocess.run(["cc", "-O2", "-o", program, source], check=True)
    return program


def trigram_table(passages, path):
    """A table for the sqlite3 tool, which cannot load the tokenizer of the peer; False where SQLite has no trigrams."""
    if os.path.exists(path):
        return True
    db = sqlite3.connect(path + ".part")
    try:
        db.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='trigram')")
    except sqlite3.OperationalError:
        return False
    db.executemany("INSERT INTO t(rowid, text) VALUES (?, ?)", enumerate(passages, 1))
    db.execute("INSERT INTO t(t) VALUES ('optimize')")
    db.commit()
    db.close()
    os.rename(path + ".part", path)
    return True


def programs(index, passages, peers, work):
    """Those that are there: ours, command-line tools, and the programs of the peers with one line to answer."""
    ours = [Program("xunju-query", lambda p: [measure.QUERY, index, p], None, [index]),
            Program("xunju-query --json", lambda p: [measure.QUERY, "--json", index, p], None, [index]),
            Program("xunju-query -c", lambda p: [measure.QUERY, "-c", index, p], None, [index])]
    found = [Program(EMPTY, lambda p: [program], None, [])] + ours
    program = empty(work)
    table = os.path.join(work, "trigrams.db")
    if shutil.which("sqlite3") and trigram_table(passages, table):
        sql = "SELECT rowid, text FROM t WHERE t MATCH '\"%s\"' ORDER BY rank LIMIT 10"
        found.append(Program("sqlite3, FTS5 trigrams", lambda p: len(p) > 2 and ["sqlite3", table, sql % p], None, [table]))
    if shutil.which("quest") and "xapian" in peers:
        xapian = os.path.join(work, "xapian/index")
        quest = ["quest", "-d", xapian, "-m", "10", "-s", "none", "-f", "default,cjk_ngram"]
        found.append(Program("quest (Xapian)", lambda p: quest + ['"%s"' % p], None, [xapian]))
    if shutil.which("groonga") and "groonga" in peers:
        select = "select Passages --filter 'text @ \"%s\"' --sort_keys -_score --limit 10 --output_columns _id,text"
        found.append(Program("groonga", lambda p: ["groonga", os.path.join(work, "groonga/db"), select % p], None,
                             [os.path.join(work, "groonga")]))
    for name, peer in peers.items():
        command = [peer, "query", os.path.join(work, name)]
        found.append(Program("%s, program of the bench" % name, lambda p, command=command: command,
                             lambda p: "text\tphrase\t%s\n" % p, [os.path.join(work, name)]))
    if shutil.which("rg"):
        lines = os.path.join(work, "passages.txt")
        with open(lines, "w", encoding="utf-8") as f:
            f.write("".join(text.replace("\n", " ") + "\n" for text in passages))
        found.append(Program("rg -F -c, one file", lambda p: ["rg", "-F", "-c", p, lines], None, [lines], (0, 1)))
    return found


def evict(paths):
    """Puts files out of the page cache; False where the system keeps one of them."""
    for path in paths:
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
            for _ in range(EVICTIONS):
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                if not cached(fd):
                    break
                time.sleep(0.002)
            else:
                return False
        finally:
            os.close(fd)
    return True


def cached(fd):
    """Whether the first byte of a file can be had without reading the disk."""
    try:
        return os.preadv(fd, [bytearray(1)], 0, os.RWF_NOWAIT) > 0
    except OSError:
        return False


def run(program, phrase, work):
    """Wall and CPU milliseconds of one process."""
    command, stdin, out = program.command(phrase), "/dev/null", os.path.join(work, "output")
    if program.stdin:
        stdin = os.path.join(work, "input")
        with open(stdin, "w", encoding="utf-8") as f:
            f.write(program.stdin(phrase))
    actions = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666),
               (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)]
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) not in program.ok:
        raise RuntimeError("%s ended with %d" % (" ".join(command), os.waitstatus_to_exitcode(status)))
    return wall * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3


def measure_all(found, phrases, runs, work, cold):
    """{(program, phrase): [(wall, CPU)…]}, one run of each program after the other; cold: only those that began so."""
    times = {(p.name, phrase): [] for p in found for phrase in phrases}
    for phrase in phrases:
        spent = dict.fromkeys((p.name for p in found), 0.0)
        for turn in range(runs + 1):
            for program in found:
                if not program.command(phrase) or (turn > LEAST_RUNS and spent[program.name] > SECONDS * 1e3):
                    continue
                if cold and not evict(program.files):
                    continue
                wall, cpu = run(program, phrase, work)
                spent[program.name] += wall
                if turn:  # the first warms up
                    times[program.name, phrase].append((wall, cpu))
    return times


def summary(runs):
    """Median CPU, median wall and least wall."""
    walls, cpus = zip(*runs)
    return statistics.median(cpus), statistics.median(walls), min(walls)


def table(found, phrases, times):
    floors = {phrase: summary(times[EMPTY, phrase]) for phrase in phrases}
    rows = []
    for program in found:
        row = [program.name]
        for phrase in phrases:
            runs = times[program.name, phrase]
            floor = (0, 0, 0) if program.name == EMPTY else floors[phrase]
            row.append("%.2f / %.2f, %.2f" % tuple(t - f for t, f in zip(summary(runs), floor)) if runs else "–")
        rows.append(row)
    return measure.table([""] + phrases, rows)
