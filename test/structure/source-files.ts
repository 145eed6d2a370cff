import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

export const root: string = resolve(import.meta.dir, '../..')

/** What is installed or made here and belongs to nobody's sources; `.env` is the developer's own. */
const NOT_OURS = new Set(['node_modules', 'dist', '.tools', '.git', 'coverage', '.env'])

/** Paths from the project's root, with `/`, in a stable order: every file below `folder` that is ours. */
export function filesBelow(folder: string): string[] {
  const found: string[] = []
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (NOT_OURS.has(entry.name)) continue
      if (entry.isDirectory()) visit(join(path, entry.name))
      else if (entry.isFile()) found.push(relative(root, join(path, entry.name)).replaceAll('\\', '/'))
    }
  }
  visit(join(root, folder))
  return found.sort()
}

export const typescriptBelow = (folder: string): string[] => filesBelow(folder).filter(file => file.endsWith('.ts'))

export const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** The text without its comments, every line in its place. A comment follows white space; `/*` elsewhere is part of a path in a string. */
export const withoutComments = (source: string): string =>
  source.replace(/(?:^|(?<=\s))\/\*[\s\S]*?\*\//gm, comment => comment.replace(/[^\n]/g, '')).replace(/(^|\s)\/\/.*$/gm, '$1')

/** `file:line: text` of every line of code that matches. */
export function linesWith(pattern: RegExp, files: string[], textOf: (file: string) => string = read): string[] {
  return files.flatMap(file =>
    textOf(file)
      .split('\n')
      .flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
  )
}

export const code = (file: string): string => withoutComments(read(file))
