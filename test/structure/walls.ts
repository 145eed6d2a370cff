import type { Import } from './imports.ts'

/** A part of src. Its files may import each other. */
type Zone = string

/** The arrows of the architecture: what each zone may import of src. `types of x`: only what is gone after compilation. */
const ARROWS: Readonly<Record<Zone, readonly Zone[] | 'anything'>> = {
  core: [],
  sse: ['core'],
  ir: ['core', 'sse'],
  'dialect seam': ['core', 'sse', 'ir'],
  'dialect registry': ['core', 'sse', 'ir', 'dialect seam', 'a dialect'],
  'a dialect': ['core', 'sse', 'ir', 'dialect seam'],
  config: ['core'],
  store: ['core'],
  upstream: ['core'],
  log: ['core'],
  accounts: ['core', 'ir', 'dialect seam', 'types of upstream'],
  routing: ['core', 'ir', 'dialect seam', 'types of upstream', 'accounts'],
  operations: ['core', 'sse', 'ir', 'dialect seam', 'dialect registry', 'config', 'store', 'upstream', 'log', 'accounts', 'routing'],
  http: [
    'core',
    'sse',
    'ir',
    'dialect seam',
    'dialect registry',
    'config',
    'store',
    'upstream',
    'log',
    'accounts',
    'routing',
    'operations',
  ],
  cli: [
    ...['core', 'sse', 'ir', 'dialect seam', 'dialect registry', 'a dialect', 'config', 'store', 'upstream', 'log', 'accounts', 'routing'],
    ...['operations', 'composition', 'top', 'version'],
  ],
  composition: 'anything',
  top: 'anything',
  version: [],
}

/** Packages that one place knows: who may import them. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  elysia: /^src\/(http\/|app\.ts$)/,
  '@elysiajs/swagger': /^src\/http\/docs\/routes\.ts$/,
  kysely: /^src\/store\//,
  'kysely-bun-sqlite': /^src\/store\//,
  commander: /^src\/(cli\/|main\.ts$)/,
  jose: /^src\/(store|accounts)\//,
  pino: /^src\/log\//,
  'pino-pretty': /^src\/log\//,
  'gpt-tokenizer': /^src\/operations\/token-counting\/vocabulary\.ts$/,
}

/** Plain code: no packages, nothing of the platform. */
const PURE: readonly Zone[] = ['sse', 'ir', 'dialect seam', 'dialect registry', 'a dialect']

export function zoneOf(file: string): Zone | undefined {
  if (file === 'src/dialects/dialect.ts') return 'dialect seam'
  if (file === 'src/dialects/registry.ts') return 'dialect registry'
  if (/^src\/dialects\/[^/]+\//.test(file)) return 'a dialect'
  if (file === 'src/version.ts') return 'version'
  if (/^src\/[^/]+\.ts$/.test(file)) return 'top'
  const folder = /^src\/([^/]+)\//.exec(file)?.[1]
  return folder !== undefined && Object.hasOwn(ARROWS, folder) ? folder : undefined
}

const dialectOf = (file: string): string | undefined => /^src\/dialects\/([^/]+)\//.exec(file)?.[1]

/** Why `file` may not have this import; undefined where it may. */
export function objection(file: string, found: Import): string | undefined {
  const from = zoneOf(file)
  if (from === undefined) return 'no rule says what this folder may import'
  return found.relative ? objectionWithin(file, from, found) : objectionOutside(file, from, found)
}

function objectionOutside(file: string, from: Zone, { target }: Import): string | undefined {
  if (PURE.includes(from)) return `${from} imports no package`
  const allowed = PACKAGES[target]
  return allowed && !allowed.test(file) ? `only ${allowed.source} imports ${target}` : undefined
}

function objectionWithin(file: string, from: Zone, { target, typeOnly }: Import): string | undefined {
  if (target === 'package.json') return undefined
  const to = zoneOf(target)
  if (to === undefined) return 'no rule says who may import that folder'
  if (from === to) return dialectOf(file) === dialectOf(target) ? undefined : 'one dialect imports another'
  const arrows = ARROWS[from] ?? []
  if (arrows === 'anything' || arrows.includes(to) || (typeOnly && arrows.includes(`types of ${to}`))) return undefined
  if (arrows.includes(`types of ${to}`)) return `${from} may import only types of ${to}`
  return `${from} may not import ${to}`
}
