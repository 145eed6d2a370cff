import { posix } from 'node:path'
import { withoutComments } from './source-files.ts'

export interface Import {
  /** As written. */
  specifier: string
  /** The file from the project's root where the specifier is relative, else the package's name. */
  target: string
  relative: boolean
  /** Gone after compilation. */
  typeOnly: boolean
}

const STATEMENT = /^[ \t]*(?:import|export)\s(?<clause>[^'"`;]*?)\bfrom\s*(['"])(?<specifier>[^'"\n]+)\2/gm
const SIDE_EFFECT = /^[ \t]*import\s*(['"])(?<specifier>[^'"\n]+)\1/gm
const CALL = /\b(?:import|require)\s*\(\s*(['"`])(?<specifier>[^'"`\n]+)\1/g

/** Every import, re-export, `import()` and `require()` of a source file. */
export function importsOf(file: string, source: string): Import[] {
  const text = withoutComments(source)
  const found: Import[] = []
  const add = (specifier: string, typeOnly: boolean): void => {
    const isRelative = specifier.startsWith('.')
    const target = isRelative ? posix.join(posix.dirname(file), specifier) : packageOf(specifier)
    found.push({ specifier, target, relative: isRelative, typeOnly })
  }
  for (const match of text.matchAll(STATEMENT)) add(match.groups?.specifier ?? '', isTypeOnly(match.groups?.clause ?? ''))
  for (const pattern of [SIDE_EFFECT, CALL]) for (const match of text.matchAll(pattern)) add(match.groups?.specifier ?? '', false)
  return found
}

/** `import type …`, or braces that hold nothing but `type` names. */
function isTypeOnly(clause: string): boolean {
  if (/^type\s/.test(clause)) return true
  const names = /^\{([^}]*)\}\s*$/.exec(clause)?.[1]?.split(',') ?? []
  const given = names.map(name => name.trim()).filter(name => name !== '')
  return given.length > 0 && given.every(name => name.startsWith('type '))
}

const packageOf = (specifier: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier
