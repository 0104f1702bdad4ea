import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU seconds out of /proc, in steps of 10 ms. On systems without /proc every function says null, and the
 * tables leave those columns out.
 */
const TICKS_PER_SECOND = 100;

interface Times {
  parent: number;
  own: number;
  /** of children that have ended */
  reaped: number;
}

/** Of these processes and everything below them. */
export function treeSeconds(roots: readonly (number | null)[]): number | null {
  const all = readAll();
  if (!all) return null;
  const wanted = new Set(roots.filter((pid) => pid !== null));
  let ticks = 0;
  for (const [pid, times] of all) if (isBelow(all, pid, wanted)) ticks += times.own + times.reaped;
  return ticks / TICKS_PER_SECOND;
}

/** Of the whole machine, whoever used it. */
export function machineSeconds(): number | null {
  try {
    const [line] = readFileSync('/proc/stat', 'utf8').split('\n');
    const [user, nice, system, , , irq, softirq] = line!.trim().split(/\s+/).slice(1).map(Number);
    return (user! + nice! + system! + irq! + softirq!) / TICKS_PER_SECOND;
  } catch {
    return null;
  }
}

/** The process' name and its parent, or null when it is not of this machine. */
export function look(pid: number): { name: string; parent: number } | null {
  try {
    const { parent } = parse(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return { name: readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), parent };
  } catch {
    return null;
  }
}

function readAll(): Map<number, Times> | null {
  const all = new Map<number, Times>();
  try {
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      try {
        all.set(pid, parse(readFileSync(`/proc/${name}/stat`, 'utf8')));
      } catch {
        // ended meanwhile
      }
    }
  } catch {
    return null;
  }
  return all.size > 0 ? all : null;
}

/** The name in the second field may hold spaces and brackets. */
function parse(stat: string): Times {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const at = (index: number) => Number(fields[index]);
  return { parent: at(1), own: at(11) + at(12), reaped: at(13) + at(14) };
}

function isBelow(all: Map<number, Times>, pid: number, roots: ReadonlySet<number>): boolean {
  for (let at = pid, depth = 0; at > 1 && depth < 32; depth++) {
    if (roots.has(at)) return true;
    at = all.get(at)?.parent ?? 0;
  }
  return false;
}
