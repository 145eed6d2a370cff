import { describe, expect, test } from 'bun:test'
import { listModels, type ModelQuery, readModel } from '../../src/operations/models.ts'
import { paperProvider } from '../routing/providers.ts'
import { catalogOf, thrown } from './answer-support.ts'

describe('the list of models', () => {
  const catalog = catalogOf([paperProvider('p', { models: ['claude-a', 'gpt-b', 'hidden', 'o-*'] })], { alias: { alias: 'gpt-b' } })
  const query = (shape: ModelQuery['shape']): ModelQuery => ({
    catalog,
    caller: { id: 'k', name: 'k', allows: name => name !== 'hidden' },
    shape,
    since: 1_700_000_000_000,
  })
  const ids = (list: ReturnType<typeof listModels>) => (list.data as { id: string }[]).map(({ id }) => id)
  const page = (text: string) => listModels(query('anthropic'), new URLSearchParams(text))

  test('in OpenAI’s shape, of what the key may use', () => {
    const list = listModels(query('openai'), new URLSearchParams())
    expect(ids(list)).toEqual(['alias', 'claude-a', 'gpt-b'])
    expect(list.data).toContainEqual({ id: 'gpt-b', object: 'model', created: 1_700_000_000, owned_by: 'p' })
  })

  test('in Anthropic’s shape, with names that Claude Code will list, and they work', () => {
    expect(ids(page(''))).toEqual(['alias', 'claude-a', 'gpt-b', 'claude-via-alias', 'claude-via-gpt-b'])
    for (const id of ids(page(''))) expect(catalog.resolve(id, 'anthropic')).toMatchObject({ found: true })
    expect(page('')).toMatchObject({ has_more: false, first_id: 'alias', last_id: 'claude-via-gpt-b' })
  })

  test('by pages, forwards and backwards, each once', () => {
    const all = ids(page(''))
    for (const limit of [1, 2, 3, 5]) {
      const forwards: string[] = []
      for (let after = '', more = true; more; ) {
        const part = page(`limit=${limit}${after && `&after_id=${after}`}`)
        forwards.push(...ids(part))
        after = String(part.last_id)
        more = part.has_more === true
      }
      expect(forwards).toEqual(all)
      const backwards: string[] = []
      for (let before = String(all.at(-1)), more = true; more; ) {
        const part = page(`limit=${limit}&before_id=${before}`)
        backwards.unshift(...ids(part))
        before = String(part.first_id)
        more = part.has_more === true
      }
      expect(backwards).toEqual(all.slice(0, -1))
    }
    expect(thrown(() => page('limit=0'))).toMatchObject({ kind: 'invalid-request', param: 'limit' })
  })

  test('one of them, or none', () => {
    expect(readModel('gpt-b', query('anthropic'))).toEqual({
      type: 'model',
      id: 'gpt-b',
      display_name: 'gpt-b',
      created_at: '2023-11-14T22:13:20.000Z',
    })
    expect(readModel('claude-via-gpt-b', query('openai')).id).toBe('claude-via-gpt-b')
    expect(thrown(() => readModel('hidden', query('openai'))).kind).toBe('model-not-found')
    // The nearest names, of those that the key may use.
    expect(thrown(() => readModel('gpt-c', query('openai'))).message).toBe("the model 'gpt-c' does not exist here; did you mean 'gpt-b'?")
    expect(thrown(() => readModel('hiden', query('openai'))).message).not.toContain('hidden')
  })
})
