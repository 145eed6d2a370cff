import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type LoadInput, loadConfig } from '../../src/config/load.ts'

const made: string[] = []

/** For `afterAll` of every test file that makes workplaces. */
export function removeWorkplaces(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
}

/** A working directory and a home folder of their own, both empty and written by nobody else. */
export class Workplace {
  readonly cwd = this.#folder('cwd')
  readonly homeDir = this.#folder('home')

  #folder(name: string): string {
    const folder = mkdtempSync(join(tmpdir(), `dragoman-${name}-`))
    made.push(folder)
    chmodSync(folder, 0o700)
    return folder
  }

  /** Writes a file below the working directory and returns its path; anything but a string is written as JSON. */
  write(path: string, content: unknown, mode = 0o600): string {
    const file = path.startsWith('/') ? path : join(this.cwd, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    chmodSync(file, mode)
    return file
  }

  load(input: Partial<LoadInput> = {}) {
    return loadConfig({ env: {}, cwd: this.cwd, homeDir: this.homeDir, ...input })
  }

  /** Loads `content` as the config file. */
  loadFile(content: unknown, input: Partial<LoadInput> = {}) {
    this.write('dragoman.json', content)
    return this.load(input)
  }
}
