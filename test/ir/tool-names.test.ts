import { describe, expect, test } from 'bun:test'
import { sha256 } from '../../src/core/secret.ts'
import type { GenerateRequest } from '../../src/ir/request.ts'
import { fitToolNames } from '../../src/ir/tool-names.ts'
import type { Tool } from '../../src/ir/tools.ts'

const LEGAL = /^[a-zA-Z0-9_-]{1,64}$/
const SAME = 'mcp__a_very_long_name_of_a_server_that_goes_on_and_on_and_on__'
const tool = (name: string): Tool => ({ type: 'function', name })
const named = (...names: string[]): GenerateRequest => ({
  origin: 'openai-chat',
  model: 'm',
  stream: false,
  messages: [],
  tools: names.map(tool),
})
const aliases = (...names: string[]): string[] => fitToolNames(named(...names), LEGAL).request.tools?.map(({ name }) => name ?? '') ?? []

describe('aliases', () => {
  test('a request with legal names is the same one', () => {
    const request = named('a', 'b-c', 'D_1')
    expect(fitToolNames(request, LEGAL)).toEqual({ request })
    expect(fitToolNames(request, LEGAL).request).toBe(request)
  })

  test.each(['files.read', 'a:b/c', 'läs', '工具', 'x'.repeat(65), `${SAME}read_file`, ''])(
    '%j becomes legal, and the same every time',
    name => {
      const [alias = ''] = aliases(name)
      expect(alias).toMatch(LEGAL)
      expect(alias.endsWith(`_${sha256(name).slice(0, 8)}`)).toBe(true)
      expect(aliases('other', name)[1]).toBe(alias)
    },
  )

  test('long names that begin alike stay apart', () => {
    const [first, second] = aliases(`${SAME}read`, `${SAME}write`)
    expect(first).not.toBe(second)
    expect(first).toBe(`${SAME.slice(0, 54)}_${sha256(`${SAME}read`).slice(0, 8)}`)
  })

  test('names whose hashes begin alike stay apart', () => {
    expect(sha256('且他').slice(0, 8)).toBe(sha256('丮俲').slice(0, 8))
    expect(aliases('且他', '丮俲')).toEqual([`___${sha256('且他').slice(0, 8)}`, `___${sha256('丮俲').slice(0, 12)}`])
  })

  test('stand in a choice of tools that are not there, too', () => {
    const [alias = ''] = aliases('a.b')
    const chosen = fitToolNames({ ...named('c'), toolChoice: { type: 'tool', name: 'a.b' } }, LEGAL)
    expect(chosen.request.toolChoice).toEqual({ type: 'tool', name: alias })
    const allowed = fitToolNames({ ...named('c'), toolChoice: { type: 'allowed', mode: 'auto', names: ['a.b', 'c'] } }, LEGAL)
    expect(allowed.request.toolChoice).toEqual({ type: 'allowed', mode: 'auto', names: [alias, 'c'] })
  })

  test('an alias that is already a name gets a longer hash', () => {
    const [taken = ''] = aliases('a.b')
    const [alias = '', kept] = aliases('a.b', taken)
    expect(kept).toBe(taken)
    expect(alias).toBe(`a_b_${sha256('a.b').slice(0, 12)}`)
    const long = `${SAME}${'.'.repeat(30)}`
    const longAlias = aliases(long)[0] ?? ''
    expect(aliases(long, longAlias)[0]).toMatch(LEGAL)
  })

  test('stand in tools, choice and history, and their names come back', () => {
    const vendor: Tool = { type: 'vendor', origin: 'anthropic', kind: 'x.y', name: 'x.y', value: {} }
    const given: GenerateRequest = {
      ...named('a.b'),
      tools: [tool('a.b'), { type: 'custom', name: 'c.d' }, vendor],
      toolChoice: { type: 'tool', name: 'a.b' },
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'a.b' }] },
        { role: 'assistant', content: [{ type: 'tool-call', id: 'i', name: 'gone.since', arguments: '{}' }] },
      ],
    }
    const before = structuredClone(given)
    const { request, originals } = fitToolNames(given, LEGAL)
    const [first, second, third] = request.tools ?? []
    expect(request.toolChoice).toEqual({ type: 'tool', name: first?.name ?? '' })
    expect(originals?.get(first?.name ?? '')).toBe('a.b')
    expect(originals?.get(second?.name ?? '')).toBe('c.d')
    expect(third).toBe(vendor)
    expect(JSON.stringify(request.messages)).not.toContain('gone.since')
    expect(JSON.stringify(request.messages[0])).toContain('a.b')
    expect(given).toEqual(before)
    const allowed = fitToolNames({ ...given, toolChoice: { type: 'allowed', mode: 'auto', names: ['a.b', 'x'] } }, LEGAL)
    expect(allowed.request.toolChoice).toEqual({ type: 'allowed', mode: 'auto', names: [first?.name ?? '', 'x'] })
  })
})
