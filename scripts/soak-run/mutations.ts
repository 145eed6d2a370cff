import type { Chance } from './chance.ts'

/** JSON text that no value stands for: numbers out of range, duplicate keys, lone surrogates. */
export class Raw {
  constructor(readonly text: string) {}
}

/** As JSON, `Raw` parts as they are. */
export function write(value: unknown): string {
  if (value instanceof Raw) return value.text
  if (Array.isArray(value)) return `[${value.map(item => write(item) ?? 'null').join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

const nested = (open: string, close: string, levels: number): Raw => new Raw(`${open.repeat(levels)}1${close.repeat(levels)}`)

/** A value of some other type, or of no type that anybody expects. */
const STRANGE: readonly ((chance: Chance) => unknown)[] = [
  () => null,
  () => true,
  () => false,
  () => 0,
  () => -1,
  () => 1.5,
  () => new Raw('1e999'),
  () => new Raw('-0'),
  () => new Raw('1e-400'),
  () => new Raw('123456789012345678901234567890'),
  () => new Raw('9007199254740993'),
  () => '',
  () => ' ',
  () => 'x',
  () => '\u0000',
  () => '\u202e\u2028\ufeff',
  () => new Raw('"\\ud800"'),
  () => new Raw('"\\udc00\\ud800 x"'),
  () => '__proto__',
  () => 'constructor',
  () => 'data:image/png;base64,AAAA',
  () => 'data:;base64,!!!!',
  () => 'http://127.0.0.1:9/secret',
  () => 'file:///etc/passwd',
  () => '{"a":',
  () => 'ephemeral',
  chance => 'y'.repeat(chance.pick([65, 129, 4097, 70_000])),
  chance => '😀'.repeat(chance.pick([1, 33, 5000])),
  () => [],
  () => [null],
  () => [[[]]],
  () => ['x', 1, {}],
  () => ({}),
  () => ({ type: 'text' }),
  () => ({ type: 'tool_use' }),
  () => ({ type: 5 }),
  () => new Raw('{"__proto__":{"x":1},"constructor":2}'),
  () => new Raw('{"":"","a":1,"a":2}'),
  chance => nested('[', ']', chance.pick([10, 99, 101, 3000])),
  chance => nested('{"a":', '}', chance.pick([10, 99, 101, 3000])),
]

interface Place {
  holder: Record<string, unknown> | unknown[]
  key: string | number
}

/** Every place in a tree where something else could stand. */
function places(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null || value instanceof Raw) return found
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    const holder = value as Place['holder']
    found.push({ holder, key })
    places(at(holder, key), found)
  }
  return found
}

const at = (holder: Place['holder'], key: Place['key']): unknown => (holder as Record<string, unknown>)[key]
const put = (holder: Place['holder'], key: Place['key'], value: unknown): void => {
  ;(holder as Record<string, unknown>)[key] = value
}

type Mutation = (place: Place, all: readonly Place[], chance: Chance) => void

const MUTATIONS: readonly Mutation[] = [
  ({ holder, key }, _, chance) => put(holder, key, chance.pick(STRANGE)(chance)),
  ({ holder, key }, _, chance) => put(holder, key, chance.pick(STRANGE)(chance)),
  ({ holder, key }) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 1)
    else delete holder[key]
  },
  ({ holder, key }) => put(holder, key, [at(holder, key)]),
  ({ holder, key }) => put(holder, key, { value: at(holder, key) }),
  ({ holder, key }) => {
    const value = at(holder, key)
    if (Array.isArray(value)) put(holder, key, value[0])
    else if (typeof value === 'string') put(holder, key, Number(value))
    else put(holder, key, String(value))
  },
  ({ holder, key }, all, chance) => {
    const other = chance.pick(all)
    put(holder, key, structuredCloneOrSame(at(other.holder, other.key)))
  },
  ({ holder, key }, _, chance) => {
    const value = at(holder, key)
    if (Array.isArray(value) && value.length > 0) put(holder, key, Array.from({ length: chance.pick([2, 20, 200]) }, () => value).flat())
  },
  ({ holder }, _, chance) => {
    if (!Array.isArray(holder))
      holder[chance.pick(['unknown', 'type', 'role', 'name', 'cache_control', '', '__proto__x'])] = chance.pick(STRANGE)(chance)
  },
  ({ holder, key }, _, chance) => {
    // The same key twice, the later one of another type.
    const value = at(holder, key)
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Raw) return
    const [name] = Object.keys(value)
    if (name !== undefined)
      put(holder, key, new Raw(write(value).replace(/\}$/, `,${JSON.stringify(name)}:${write(chance.pick(STRANGE)(chance))}}`)))
  },
  ({ holder }) => {
    if (Array.isArray(holder)) holder.reverse()
  },
]

const structuredCloneOrSame = (value: unknown): unknown => (value instanceof Raw ? value : JSON.parse(write(cloneable(value))))
/** Without what JSON.parse would stumble over. */
const cloneable = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(cloneable)
    : value instanceof Raw
      ? null
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, cloneable(member)]))
        : value

/** Changes a tree in one to four places; it is not to be used for anything else. */
export function mutate(tree: Record<string, unknown>, chance: Chance): void {
  for (let left = 1 + chance.below(4); left > 0; left--) {
    const all = places(tree)
    if (all.length === 0) return
    chance.pick(MUTATIONS)(chance.pick(all), all, chance)
  }
}

/** Changes the text or the bytes of a body that was JSON. */
export function spoil(text: string, chance: Chance): Buffer {
  const bytes = Buffer.from(text)
  const somewhere = chance.below(bytes.length + 1)
  const insert = (piece: Buffer | string): Buffer =>
    Buffer.concat([bytes.subarray(0, somewhere), Buffer.from(piece), bytes.subarray(somewhere)])
  const ways: (() => Buffer)[] = [
    () => bytes.subarray(0, somewhere),
    () => Buffer.alloc(0),
    () => insert('\u0000'),
    () => insert(Buffer.from([0xff, 0xfe, 0xc3, 0x28])),
    () => insert(chance.pick(['"', '{', '}', ']', ',', '\\', '/*x*/', 'NaN', "'"])),
    () => Buffer.from(`\ufeff${text}`),
    () => Buffer.from(`${text}${chance.pick(['}', 'x', '\n{}', ' '.repeat(5000)])}`),
    () => Buffer.from(`${' \n\t'.repeat(3000)}${text}`),
    () => Buffer.from(text, 'utf16le'),
    () => Buffer.from(chance.pick(['null', '[]', '"x"', '5', 'true', '{}', '[{}]', '{"model":"gpt-4o"}'])),
  ]
  return chance.pick(ways)()
}
