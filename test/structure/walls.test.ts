import { describe, expect, test } from 'bun:test'
import { type Import, importsOf } from './imports.ts'
import { code, linesWith, read, typescriptBelow } from './source-files.ts'
import { objection } from './walls.ts'

const sources = typescriptBelow('src')
const outside = (...places: string[]): string[] => sources.filter(file => !places.some(place => file.startsWith(place)))

describe('imports in src', () => {
  test('go only where the arrows go', () => {
    const wrong = sources.flatMap(file =>
      importsOf(file, read(file)).flatMap(found => {
        const reason = objection(file, found)
        return reason ? [`${file} imports '${found.specifier}': ${reason}`] : []
      }),
    )
    expect(wrong).toEqual([])
  })

  test('are found in every file that is not a leaf', () => {
    const without = sources.filter(file => /^import\s/m.test(code(file)) && importsOf(file, read(file)).length === 0)
    expect(without).toEqual([])
    expect(sources.length).toBeGreaterThan(50)
  })
})

describe('the platform in src', () => {
  test('only upstream calls fetch', () => {
    // A method of that name, as Bun.serve takes one, is no call of it.
    const pattern = /(?:(?<![.\w#])|\bglobalThis\.)fetch\((?![^)]*\)[^{;]*\{\s*$)|\bBun\.fetch\b/
    expect(linesWith(pattern, outside('src/upstream/'), code)).toEqual([])
  })

  test('only core draws lots', () => {
    expect(linesWith(/\bMath\.random\b/, outside('src/core/'), code)).toEqual([])
  })

  test('only config, cli and main read the environment', () => {
    const pattern = /\b(?:process|Bun|import\.meta)\.env\b/
    expect(linesWith(pattern, outside('src/config/', 'src/cli/', 'src/main.ts'), code)).toEqual([])
  })

  test('codecs have no clock, no chance and no input or output', () => {
    const pattern = /(?<![.\w'])(?:Date\b|crypto\.|performance\.|Bun\.|setTimeout\(|setInterval\(|setImmediate\(|console\.)/
    const pure = sources.filter(file => /^src\/(?:sse|ir|dialects)\//.test(file))
    expect(linesWith(pattern, pure, code)).toEqual([])
  })
})

describe('the walls themselves', () => {
  const imported = (specifier: string, target: string, typeOnly = false): Import => ({
    specifier,
    target,
    relative: specifier.startsWith('.'),
    typeOnly,
  })
  const refused: [string, Import][] = [
    ['src/core/json.ts', imported('../ir/note.ts', 'src/ir/note.ts')],
    ['src/ir/fold.ts', imported('../dialects/dialect.ts', 'src/dialects/dialect.ts', true)],
    ['src/ir/fold.ts', imported('bun:sqlite', 'bun:sqlite')],
    ['src/dialects/anthropic/index.ts', imported('../openai-chat/wire.ts', 'src/dialects/openai-chat/wire.ts')],
    ['src/dialects/anthropic/index.ts', imported('node:crypto', 'node:crypto')],
    ['src/store/keys.ts', imported('../config/read.ts', 'src/config/read.ts')],
    ['src/accounts/pool.ts', imported('../upstream/client.ts', 'src/upstream/client.ts')],
    ['src/routing/attempt.ts', imported('../store/keys.ts', 'src/store/keys.ts', true)],
    ['src/operations/pump.ts', imported('../dialects/anthropic/index.ts', 'src/dialects/anthropic/index.ts')],
    ['src/operations/pump.ts', imported('../http/respond.ts', 'src/http/respond.ts')],
    ['src/operations/pump.ts', imported('elysia', 'elysia')],
    ['src/http/routes/chat.ts', imported('@elysiajs/swagger', '@elysiajs/swagger')],
    ['src/http/routes/chat.ts', imported('../../app.ts', 'src/app.ts')],
    ['src/cli/serve.ts', imported('../http/settings.ts', 'src/http/settings.ts')],
    ['src/core/json.ts', imported('../version.ts', 'src/version.ts')],
    ['src/elsewhere/file.ts', imported('../core/json.ts', 'src/core/json.ts')],
    ['src/app.ts', imported('./elsewhere/file.ts', 'src/elsewhere/file.ts')],
  ]
  test.each(refused)('%s is refused %o', (file, found) => {
    expect(objection(file, found)).toBeString()
  })

  const allowed: [string, Import][] = [
    ['src/ir/fold.ts', imported('../core/json.ts', 'src/core/json.ts')],
    ['src/dialects/anthropic/index.ts', imported('../dialect.ts', 'src/dialects/dialect.ts')],
    ['src/dialects/registry.ts', imported('./anthropic/index.ts', 'src/dialects/anthropic/index.ts')],
    ['src/accounts/pool.ts', imported('../upstream/client.ts', 'src/upstream/client.ts', true)],
    ['src/http/docs/routes.ts', imported('@elysiajs/swagger', '@elysiajs/swagger')],
    ['src/app.ts', imported('elysia', 'elysia')],
    ['src/cli/serve.ts', imported('../composition/gateway.ts', 'src/composition/gateway.ts')],
  ]
  test.each(allowed)('%s may have %o', (file, found) => {
    expect(objection(file, found)).toBeUndefined()
  })

  test('every form of import is seen', () => {
    const source = [
      "import a, { b } from './a.ts'",
      'import {',
      '  type C, // a comment in between',
      '  type D,',
      "} from './types/c.ts'",
      "import type { E } from '../e.ts'",
      "export * from './f.ts'",
      "export { g } from '@scope/g/deep'",
      "import './h.ts'",
      "const i = await import('./i.ts')",
      "const j = require('bun:j')",
      "// import { no } from './no.ts'",
      "export const k = Buffer.from('./no.ts')",
    ].join('\n')
    const seen = importsOf('src/x/y.ts', source).map(({ target, typeOnly }) => (typeOnly ? `type ${target}` : target))
    expect(seen.sort()).toEqual(
      ['src/x/a.ts', 'type src/x/types/c.ts', 'type src/e.ts', 'src/x/f.ts', '@scope/g', 'src/x/h.ts', 'src/x/i.ts', 'bun:j'].sort(),
    )
  })
})
