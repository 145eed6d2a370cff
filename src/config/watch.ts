import { type FSWatcher, statSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { Cancel, Clock } from '../core/clock.ts'

export interface ConfigWatch {
  close(): void
}

/** Two looks at this distance, in milliseconds, must agree: a file half written is not read. */
const SETTLE_MS = 50

/** When to try again where the system has no watch to give. */
const RETRY_MS = 5000

/** What tells one version of a file from another. */
function signature(file: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file)
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  } catch {
    return 'absent'
  }
}

const inode = (folder: string): number | undefined => {
  try {
    return statSync(folder).ino
  } catch {
    return undefined
  }
}

/** The folder itself, or the nearest one above it that exists. */
function nearestFolder(folder: string): string {
  let at = folder
  while (inode(at) === undefined && dirname(at) !== at) at = dirname(at)
  return at
}

interface Armed {
  watched: string
  inode: number | undefined
  watcher: FSWatcher
}

/**
 * Calls `onChange` once files have changed and settled (about 100 ms). The folders are watched, not the files: editors and
 * deployments put a new file, or a new link, in the old one's place. A file or folder that goes away may come back.
 */
export function watchConfig(files: readonly string[], onChange: () => void, clock: Clock): ConfigWatch {
  const folders = [...new Set(files.map(file => dirname(file)))]
  const armed = new Map<string, Armed>()
  const look = () => files.map(signature).join('\n')
  let known = look()
  let last = known
  let pending: Cancel | undefined
  let isClosed = false

  const schedule = (ms: number) => {
    if (!isClosed) pending ??= clock.after(ms, check)
  }
  const onEvent = () => schedule(SETTLE_MS)

  const arm = () => {
    for (const folder of folders) {
      const watched = nearestFolder(folder)
      const now = inode(watched)
      const before = armed.get(folder)
      if (before && before.watched === watched && before.inode === now) continue
      before?.watcher.close()
      armed.delete(folder)
      try {
        const watcher = watch(watched, onEvent)
        watcher.on('error', onEvent)
        armed.set(folder, { watched, inode: now, watcher })
        if (before) onEvent()
      } catch {
        schedule(RETRY_MS)
      }
    }
  }

  const check = () => {
    pending = undefined
    arm()
    const now = look()
    if (now !== last) {
      last = now
      onEvent()
    } else if (now !== known) {
      known = now
      onChange()
    }
  }

  arm()
  return {
    close() {
      isClosed = true
      pending?.()
      for (const { watcher } of armed.values()) watcher.close()
      armed.clear()
    },
  }
}
