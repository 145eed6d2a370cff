import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { cacheFolder } from '../cache-folder.ts'
import type { Target } from './targets.ts'

const version = manifest.devDependencies.bun

/**
 * Bun's executable for another platform. It lies in a package of its own, which the package manager fetches and checks, from whichever registry it is set up
 * for, once for each version; the project's own dependencies stay as they are. @throws with the target's name where it can't be had.
 */
export async function runtimeFor({ name, platform }: Target): Promise<string> {
  const folder = cacheFolder(`bun-${version}`, platform)
  const within = join('node_modules', '@oven', `bun-${platform}`, 'bin', platform.startsWith('windows') ? 'bun.exe' : 'bun')
  const executable = join(folder, within)
  if (existsSync(executable)) return executable
  const unfinished = `${folder}.${process.pid}`
  const id = `@oven/bun-${platform}@${version}`
  try {
    mkdirSync(unfinished, { recursive: true })
    writeFileSync(join(unfinished, 'package.json'), '{ "private": true }\n')
    // Files of its own: hard links to a shared cache would let one broken file break others.
    const options = ['--exact', '--os=*', '--cpu=*', '--libc=*', '--ignore-scripts', '--backend=copyfile', '--no-progress']
    const install = Bun.spawn([process.execPath, 'add', ...options, id], { cwd: unfinished, stdout: 'pipe', stderr: 'pipe' })
    const said = (await Promise.all([new Response(install.stdout).text(), new Response(install.stderr).text()])).join('')
    if ((await install.exited) !== 0 || !existsSync(join(unfinished, within)))
      throw new Error(`the target ${name} can't be built: its runtime, ${id}, could not be fetched:\n${said.trim()}`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(dirname(folder), { recursive: true })
    renameSync(unfinished, folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return executable
}
