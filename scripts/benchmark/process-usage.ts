import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second towards programs, whatever its own clock is. */
const TICK_MICROS = 10_000

const tryRead = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** A process and all that came of it. */
function tree(pid: number): number[] {
  const threads = (() => {
    try {
      return readdirSync(`/proc/${pid}/task`)
    } catch {
      return []
    }
  })()
  const children = threads.flatMap(thread => tryRead(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number))
  return [pid, ...children.flatMap(tree)]
}

/** What `count` finds for a process and its children; one that has just ended counts nothing, but the first must be there. */
const sum = (pid: number, count: (pid: number) => number): number =>
  tree(pid)
    .map(count)
    .reduce((total, each, index) => total + (index > 0 && Number.isNaN(each) ? 0 : each), 0)

/** Time on a processor since the start, in microseconds, the children's included; NaN where the system does not tell (only Linux does). */
export const cpuMicros = (pid: number): number =>
  sum(pid, each => {
    // The name in brackets may hold spaces; what follows it does not. User and system time of all threads, ended ones too, are fields 14 and 15.
    const fields = tryRead(`/proc/${each}/stat`).split(') ').at(-1)?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS
  })

/** Resident memory of a process and its children in MB, as Linux counts it; NaN elsewhere. */
export const residentMb = (pid: number): number =>
  sum(pid, each => Number(/VmRSS:\s+(\d+)/.exec(tryRead(`/proc/${each}/status`))?.[1] ?? Number.NaN) / 1024)
