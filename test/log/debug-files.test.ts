import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cutInTheMiddle, DebugFiles, LONGEST_DEBUG_FILE } from '../../src/log/debug-files.ts'

const AT = Date.UTC(2026, 10, 21, 10, 15, 30, 123)

let folder: string
let dir: string
let limit: number
let said: string[]
let files: DebugFiles

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-debug-'))
  dir = join(folder, 'data', 'debug')
  limit = 20
  said = []
  const say = (fields: object, message: string) => void said.push(`${message} ${JSON.stringify({ ...fields, cause: undefined })}`)
  files = new DebugFiles({ dir, limit: () => limit, log: { warn: say, error: say } })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = async (id: string, at: number, text = id) => {
  files.open(id)?.finish(at, () => text)
  await files.flush()
}
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)
const names = () => readdirSync(dir).sort()

describe('a debugging file', () => {
  test('is named after the time, as any system takes it, and only its owner may read it', async () => {
    await write('req_1', AT, 'what was said')
    expect(names()).toEqual(['2026-11-21T10-15-30.123Z-req_1.txt'])
    const [name = ''] = names()
    expect(name).not.toMatch(/[<>:"/\\|?*]/)
    expect(readFileSync(join(dir, name), 'utf8')).toBe('what was said')
    expect(modeOf(join(dir, name))).toBe('600')
    expect(modeOf(dir)).toBe('700')
  })

  test('shuts a folder that was open to others', async () => {
    mkdirSync(dir, { recursive: true })
    chmodSync(dir, 0o755)
    await write('req_1', AT)
    expect(modeOf(dir)).toBe('700')
  })

  test('is made after the call that hands it over, one after the other', async () => {
    const made: string[] = []
    const open = ['req_1', 'req_2'].map(id => [id, files.open(id)] as const)
    for (const [id, file] of open) {
      file?.finish(AT, () => {
        made.push(id)
        return id
      })
    }
    expect(made).toEqual([])
    await Promise.resolve()
    expect(made).toEqual([])
    await files.flush()
    expect(made).toEqual(['req_1', 'req_2'])
    expect(names()).toEqual(['2026-11-21T10-15-30.123Z-req_1.txt', '2026-11-21T10-15-30.123Z-req_2.txt'])
  })

  test('is one of so many: the oldest go, and nothing of anybody else’s', async () => {
    limit = 3
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, '1999-notes.txt'), 'mine')
    for (let number = 0; number < 6; number++) await write(`req_${number}`, AT + number * 1000)
    expect(names().map(name => name.slice(-9))).toEqual(['notes.txt', 'req_3.txt', 'req_4.txt', 'req_5.txt'])
    limit = 1
    await write('req_6', AT + 60_000)
    expect(names().map(name => name.slice(-9))).toEqual(['notes.txt', 'req_6.txt'])
  })

  test('is not written where none is to be kept', async () => {
    limit = 0
    await write('req_1', AT)
    expect(names()).toEqual([])
  })

  test('that is too long is cut in its middle, and says so', async () => {
    await write('req_1', AT, `begin ${'ä'.repeat(LONGEST_DEBUG_FILE)} end`)
    const text = readFileSync(join(dir, names()[0] ?? ''), 'utf8')
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LONGEST_DEBUG_FILE)
    expect(Buffer.byteLength(text)).toBeGreaterThan(LONGEST_DEBUG_FILE - 1000)
    expect(text).toStartWith('begin ää')
    expect(text).toEndWith('ää end')
    expect(text).toMatch(/\n\[\d+ bytes are cut here, to keep this file short\]\n/)
  })

  test('that cannot be written is told of once', async () => {
    mkdirSync(join(folder, 'data'), { recursive: true })
    writeFileSync(dir, 'a file, not a folder')
    await write('req_1', AT)
    await write('req_2', AT)
    expect(said).toEqual([`debug files cannot be written ${JSON.stringify({ dir })}`])
    rmSync(dir)
    await write('req_3', AT)
    expect(names()).toHaveLength(1)
  })

  test('is not to be had where too many are open, which is told with the next one', async () => {
    const open = Array.from({ length: 32 }, (_, index) => files.open(`req_${index}`))
    expect(open).not.toContain(undefined)
    expect([files.open('req_a'), files.open('req_b')]).toEqual([undefined, undefined])
    open[0]?.finish(AT, () => 'first')
    await files.flush()
    expect(said).toEqual(['requests have no debug file: too many came at once {"count":2}'])
    expect(files.open('req_c')).toBeDefined()
    expect(files.open('req_d')).toBeUndefined()
  })
})

test('a text that fits is not cut', () => {
  expect(cutInTheMiddle('x'.repeat(500), 500)).toBe('x'.repeat(500))
  expect(Buffer.byteLength(cutInTheMiddle('x'.repeat(501), 500))).toBeLessThan(500)
})
