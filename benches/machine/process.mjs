// What Linux says of a process in /proc: time on a core, memory, descriptors, threads, offspring.
// Knows nothing of what the process is. Times are in microseconds, memory in bytes.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';

/** A tick of utime and stime, in microseconds. */
const TICK_US = 1_000_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** `pid` and all processes it forked, and they. */
export function family(pid) {
  const children = new Map();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(entry);
    if (!stat) continue;
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(entry)]);
  }
  const found = [pid];
  // Grows while it is walked: children are appended and then visited themselves.
  for (const each of found) found.push(...(children.get(each) ?? []));
  return found;
}

/** Time `pids` have spent on cores so far, in user and kernel mode; includes ended threads. */
export function cpuTime(pids) {
  return pids.reduce((sum, pid) => sum + (readStat(pid)?.cpu ?? 0), 0);
}

/**
 * Memory of `pids` together, now. What they share counts for each of them. Files in memory count whole: what of
 * them no process has looked at through a mapping is not resident to the system, and takes its room all the same.
 */
export function residentMemory(pids) {
  return sumOfStatus(pids, 'VmRSS') * 1024 + unmappedMemory(pids);
}

/** The most resident memory that `pids` had, since their start or `forgetPeak`, and their files in memory now. */
export function peakMemory(pids) {
  return sumOfStatus(pids, 'VmHWM') * 1024 + unmappedMemory(pids);
}

/** Bytes of files in memory (memfd_create(2)) that are not resident. */
function unmappedMemory(pids) {
  const files = pids.flatMap((pid) => openedBy(pid).filter(([, target]) => target.startsWith('/memfd:')));
  const bytes = files.reduce((sum, [path]) => sum + (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512, 0);
  return Math.max(0, bytes - sumOfStatus(pids, 'RssShmem') * 1024);
}

/** `[path in /proc, what it leads to]` of the descriptors of `pid`. */
function openedBy(pid) {
  const numbers = unlessGone(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return numbers.map((fd) => `/proc/${pid}/fd/${fd}`).flatMap((path) => {
    const target = unlessGone(() => readlinkSync(path));
    return target === undefined ? [] : [[path, target]];
  });
}

/** What `read` gives, unless its process or descriptor is gone since it was listed: nginx's cache loader ends after a minute. */
function unlessGone(read) {
  try {
    return read();
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  }
}

/** Lets `peakMemory` start anew from what is resident now. */
export function forgetPeak(pids) {
  // "5" resets the peak (proc(5), clear_refs).
  pids.forEach((pid) => writeFileSync(`/proc/${pid}/clear_refs`, '5'));
}

/** How many threads `pids` have. */
export function threads(pids) {
  return sumOfStatus(pids, 'Threads');
}

/** How many descriptors `pids` hold open. */
export function descriptors(pids) {
  return pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);
}

/** How many of these are files, on a disk or in memory; devices are none. */
export function openFiles(pids) {
  return pids.reduce((sum, pid) => sum + openedBy(pid).filter(([, target]) => /^\/(?!dev\/|proc\/|sys\/)/.test(target)).length, 0);
}

function sumOfStatus(pids, key) {
  return pids.reduce((sum, pid) => sum + statusNumber(statusOf(pid), key), 0);
}

/** The number of one line of /proc/PID/status; a process that is ending has no memory lines. */
function statusOf(pid) {
  return unlessGone(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '';
}

export function statusNumber(text, key) {
  return Number(text.match(new RegExp(`^${key}:\\s+(\\d+)`, 'm'))?.[1] ?? 0);
}

function readStat(pid) {
  const text = unlessGone(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return text === undefined ? undefined : parseStat(text, TICK_US);
}

/** The parent and the time on cores in /proc/PID/stat. */
export function parseStat(text, tickMicroseconds) {
  // The program's name stands in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // proc(5) counts from 1 and from the pid: state is 3, ppid 4, utime 14, stime 15.
  const field = (number) => Number(fields[number - 3]);
  return { parent: field(4), cpu: (field(14) + field(15)) * tickMicroseconds };
}
