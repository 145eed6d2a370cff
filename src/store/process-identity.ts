import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * What tells a process from a later one with the same pid: boot and start time on Linux, the start time that `ps` prints elsewhere.
 * Undefined where there is no such process or no way to ask.
 */
export function startToken(pid: number): string | undefined {
  if (process.platform === 'linux') return linuxToken(pid)
  if (process.platform === 'win32') return undefined
  const asked = Bun.spawnSync(['ps', '-o', 'lstart=', '-p', String(pid)], { stderr: 'ignore' })
  return asked.stdout.toString().trim().replaceAll(/\s+/g, '-') || undefined
}

/** Whether a process with this pid exists, ours to signal or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A name for this process, by which others on the same machine can tell that it has ended (`hasEnded`). */
export const processMark = (): string => [machine(), process.pid, startToken(process.pid) ?? ''].join(' ')

/** Whether the process with this mark has ended for certain: not where it may run on another machine, or in another container. */
export function hasEnded(mark: string): boolean {
  const [where, pid = '', token] = mark.split(' ')
  if (where !== machine() || !/^[1-9]\d*$/.test(pid)) return false
  return !isAlive(Number(pid)) || (token !== '' && token !== startToken(Number(pid)))
}

/** Pids mean something on one machine only, and there in one namespace. */
function machine(): string {
  const host = hostname().replaceAll(' ', '_')
  try {
    return `${host}/${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return host
  }
}

function linuxToken(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold spaces and parentheses; the start time is the 22nd field, the 20th after it (proc(5)).
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    if (!started) return undefined
    return `${bootId()}-${started}`
  } catch {
    return undefined
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'boot'
  }
}
