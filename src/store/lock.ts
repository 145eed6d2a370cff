import { Database } from 'bun:sqlite'
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, startToken } from './process-identity.ts'
import { isBusy, StoreError } from './store-error.ts'

export interface ServerLock {
  /** Lets the next server in; safe to call more than once. */
  release(): void
}

interface Holder {
  pid: number
  token: string
}

/** For people and scripts: the pid on the first line, the process's start token on the second. */
export const PID_FILE = 'dragoman.pid'
/** An empty database whose lock the server holds: the system gives it back however the process ends, `kill -9` included. */
const LOCK_FILE = 'dragoman.lock'

/**
 * Makes this process the one server of the data dir. Managing commands do not call this. Two checks stand behind each other: a lock
 * of the system's, which leaves no moment for a second server to slip in, and the pid file, for file systems without such locks. A
 * pid file whose process is gone, or is another program by now, counts for nothing.
 * @throws {StoreError} `locked`, with the pid of the server that has it
 */
export function lockDataDir(dataDir: string): ServerLock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const pidFile = join(dataDir, PID_FILE)
  const lock = takeSystemLock(dataDir, pidFile)
  const holder = livingHolder(pidFile)
  if (holder && holder.pid !== process.pid) {
    lock.close()
    throw refused(dataDir, holder.pid)
  }
  writePidFile(pidFile)
  let held = true
  return {
    release() {
      if (!held) return
      held = false
      if (readHolder(pidFile)?.pid === process.pid) rmSync(pidFile, { force: true })
      lock.close()
    },
  }
}

function takeSystemLock(dataDir: string, pidFile: string): Database {
  const path = join(dataDir, LOCK_FILE)
  closeSync(openSync(path, 'a', 0o600))
  const lock = new Database(path, { readwrite: true, create: false })
  try {
    lock.run('pragma busy_timeout = 0')
    lock.run('begin exclusive')
    return lock
  } catch (error) {
    lock.close()
    throw isBusy(error) ? refused(dataDir, pidOfHolder(pidFile)) : error
  }
}

const refused = (dataDir: string, pid: number | undefined): StoreError =>
  new StoreError(
    'locked',
    `another Dragoman server${pid === undefined ? '' : ` (pid ${pid})`} already uses ${dataDir}: stop it, or give this one another --data-dir`,
    { holderPid: pid },
  )

function readHolder(pidFile: string): Holder | undefined {
  let text: string
  try {
    text = readFileSync(pidFile, 'utf8')
  } catch {
    return undefined
  }
  const [pid = '', token = ''] = text.split('\n')
  return /^[1-9]\d*$/.test(pid) ? { pid: Number(pid), token } : undefined
}

/** The lock is taken a moment before the pid file is written: until then a dead server's pid may stand there. */
function pidOfHolder(pidFile: string): number | undefined {
  const pid = readHolder(pidFile)?.pid
  return pid !== undefined && isAlive(pid) ? pid : undefined
}

function livingHolder(pidFile: string): Holder | undefined {
  const holder = readHolder(pidFile)
  if (!holder || !isAlive(holder.pid)) return undefined
  return holder.token !== '' && holder.token === startToken(holder.pid) ? holder : undefined
}

/** Written aside and renamed: a reader sees a whole file or none. */
function writePidFile(pidFile: string): void {
  const draft = `${pidFile}.${process.pid}`
  writeFileSync(draft, `${process.pid}\n${startToken(process.pid) ?? ''}\n`, { mode: 0o600 })
  renameSync(draft, pidFile)
}
