import { Kind, type TObject, type TSchema } from '@sinclair/typebox'
import { isObject, type JsonValue } from '../core/json.ts'
import { envNames } from './environment.ts'
import { metaOf } from './schema/fields.ts'
import { configSchema } from './schema.ts'

const HEADER = [
  '// Dragoman. Every key, with its default. A line that begins with // and a quote or brace, without a space, is an example:',
  '// take the slashes away to use it. Comments and trailing commas are allowed. Each key is also an environment variable:',
  '// DRAGOMAN_ and its path, as in DRAGOMAN_LIMITS_BODY.',
]

/** An example config file: JSON with comments that is valid as it stands, and with its examples uncommented. */
export const exampleConfig = (): string => `${[...HEADER, '{', ...membersText(configSchema, '  '), '}'].join('\n')}\n`

function membersText(schema: TObject, indent: string): string[] {
  return Object.entries(schema.properties)
    .filter(([key]) => !key.startsWith('$'))
    .flatMap(([key, member]) => [
      ...(metaOf(member).description ?? '').split('\n').map(line => `${indent}// ${line}`),
      ...memberText(key, member, indent),
    ])
}

function memberText(key: string, schema: TSchema, indent: string): string[] {
  const { default: preset, sample, listed, derived } = metaOf(schema)
  const name = JSON.stringify(key)
  if (schema[Kind] === 'Object') return [`${indent}${name}: {`, ...membersText(schema as TObject, `${indent}  `), `${indent}},`]
  const isFilled = Array.isArray(preset) || isObject(preset)
  if (preset === undefined || listed || derived) return [`${indent}//${name}: ${inline(sample ?? preset ?? '…')},`]
  if (!isFilled || sample === undefined) return [`${indent}${name}: ${inline(preset)},`]
  const [open, close] = Array.isArray(preset) ? '[]' : '{}'
  return [`${indent}${name}: ${open}`, ...examples(sample).map(line => `${indent}  //${line},`), `${indent}${close},`]
}

const examples = (sample: JsonValue): string[] => {
  if (Array.isArray(sample)) return sample.map(inline)
  if (!isObject(sample)) return [inline(sample)]
  return Object.entries(sample).map(([key, value]) => `${JSON.stringify(key)}: ${inline(value ?? null)}`)
}

/** JSON on one line, with the spaces that people write. */
function inline(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${inline(member ?? null)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

/** An example `.env`: every variable, commented out, with its default or an example and its older names. */
export function exampleEnv(): string {
  const lines = ['# Dragoman. Variables win over the config file. Lists are comma-separated or JSON, objects are JSON.']
  const older = new Map<string, string[]>()
  for (const { name, path } of envNames) {
    const key = path.join('.')
    older.set(key, [name, ...(older.get(key) ?? [])])
  }
  for (const { path, schema } of envNames.filter(({ name, path: at }) => older.get(at.join('.'))?.[0] === name)) {
    if (schema[Kind] === 'Object') continue
    const [name, ...others] = older.get(path.join('.')) ?? []
    const { description, default: preset, sample } = metaOf(schema)
    const isEmpty = (Array.isArray(preset) || isObject(preset)) && sample !== undefined
    const shown = isEmpty ? sample : (preset ?? sample ?? '')
    const also = others.length === 0 ? '' : ` Also: ${others.join(', ')}.`
    lines.push('', `# ${description}${also}`, `#${name}=${typeof shown === 'object' ? quoted(shown) : String(shown)}`)
  }
  return `${lines.join('\n')}\n`
}

/** JSON in single quotes, which a `.env` takes as it is. */
const quoted = (value: JsonValue): string => `'${inline(value)}'`
