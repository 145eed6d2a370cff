import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { BUILT_IN_PROFILES, parseProfiles } from '../../../src/routing/jetbrains/profiles.ts'

const SONNET: JsonObject = {
  id: 'anthropic-claude-4-5-sonnet',
  providerModelID: 'claude-sonnet-4-5',
  provider: 'Anthropic',
  modelName: 'Claude 4.5 Sonnet',
  features: ['Chat', 'Proxy'],
  chatDefinition: {
    roles: ['user', 'assistant', 'system', 'tool'],
    parameters: [{ fqdn: 'llm.parameters.tools' }, { fqdn: 'llm.parameters.reasoning-effort' }],
    multimediaDataDefinition: { supportedTypes: ['image/png'] },
  },
  contextLimit: 200_000,
  maxOutputTokens: 64_000,
  deprecated: false,
  lifeCycle: { experimental: true },
}

const ids = (body: JsonValue | undefined) => parseProfiles(body).map(({ id }) => id)
const only = (profile: JsonObject) => parseProfiles([{ id: 'm', ...profile }])[0]

describe('the list', () => {
  test('in its present form', () =>
    expect(parseProfiles({ profiles: [SONNET] })).toEqual([
      {
        id: 'anthropic-claude-4-5-sonnet',
        vendorId: 'claude-sonnet-4-5',
        features: ['Chat', 'Proxy'],
        parameters: ['llm.parameters.tools', 'llm.parameters.reasoning-effort'],
        mediaTypes: ['image/png'],
        contextLimit: 200_000,
        maxOutput: 64_000,
      },
    ]))

  test('as a bare array, and with nothing but ids', () => {
    expect(ids([SONNET, { id: 'openai-gpt-4o' }])).toEqual(['anthropic-claude-4-5-sonnet', 'openai-gpt-4o'])
    expect(only({})).toEqual({ id: 'm' })
  })

  test.each<[JsonValue | undefined]>([
    [undefined],
    [null],
    ['text'],
    [5],
    [{}],
    [{ profiles: null }],
    [{ profiles: {} }],
    [[]],
    [{ profiles: [] }],
  ])('that is none: %j', body => expect(parseProfiles(body)).toEqual([]))

  test('with rubbish in it gives the rest', () => {
    const bad: JsonValue[] = [null, 'x', 5, [], {}, { id: 5 }, { id: '' }, { id: 'two words' }, { id: 'x'.repeat(201) }, { id: 'a\nb' }]
    expect(ids({ profiles: [...bad, { id: 'good' }, ...bad] })).toEqual(['good'])
  })

  test('names each once, the last word counts', () => {
    expect(parseProfiles([{ id: 'a' }, { id: 'b' }, { id: 'a', maxOutputTokens: 5 }])).toMatchObject([
      { id: 'a', maxOutput: 5 },
      { id: 'b' },
    ])
  })

  test('is read up to a thousand', () =>
    expect(parseProfiles(Array.from({ length: 1500 }, (_, index) => ({ id: `m${index}` })))).toHaveLength(1000))

  test('leaves out what nobody talks to', () => {
    const some = [
      { id: 'openai-embedding-small' },
      { id: 'openai-instruct-gpt' },
      { id: 'completion', features: ['Completion'] },
      { id: 'chat', features: ['Chat'] },
      { id: 'codex', features: ['Responses'] },
      { id: 'silent', features: [] },
      { id: 'odd', features: 'Chat' },
    ]
    expect(ids(some)).toEqual(['chat', 'codex', 'silent', 'odd'])
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), body => {
        for (const { id } of [...parseProfiles(body as JsonValue), ...parseProfiles({ profiles: [body as JsonValue] })])
          expect(id).not.toBe('')
      }),
    )
  })
})

describe('what is said of a profile', () => {
  test('parameters: by fqdn, or as texts; none said where none can be read', () => {
    const parametersOf = (parameters: JsonValue) => only({ chatDefinition: { parameters } })?.parameters
    expect(parametersOf([{ fqdn: 'a' }, 'b', { other: 1 }, { fqdn: 5 }, null, 7])).toEqual(['a', 'b'])
    expect([parametersOf([]), parametersOf([null]), parametersOf('x'), only({ chatDefinition: [] })?.parameters]).toEqual(
      Array(4).fill(undefined),
    )
    expect(parametersOf(Array(500).fill('x'))).toHaveLength(100)
  })

  test('media: a list that names some for one model has none for those of which it says nothing', () => {
    expect(parseProfiles([SONNET, { id: 'm' }]).map(({ mediaTypes }) => mediaTypes)).toEqual([['image/png'], []])
    expect(only({})?.mediaTypes).toBeUndefined()
  })

  test('numbers that are none are not believed', () => {
    for (const value of [0, -5, 1.5, '200000', null, 1e300]) {
      const { contextLimit, maxOutput } = only({ contextLimit: value, maxOutputTokens: value }) ?? {}
      expect([contextLimit, maxOutput]).toEqual([undefined, undefined])
    }
  })

  test('the vendor’s name only where it can be one', () => {
    expect(only({ providerModelID: 'org/model:1@x' })?.vendorId).toBe('org/model:1@x')
    for (const value of ['', 'two words', 5, null]) expect(only({ providerModelID: value })?.vendorId).toBeUndefined()
  })

  test('media types are texts', () => {
    expect(only({ chatDefinition: { multimediaDataDefinition: { supportedTypes: ['image/png', 5] } } })?.mediaTypes).toEqual(['image/png'])
    expect(only({ chatDefinition: { multimediaDataDefinition: 'x' } })?.mediaTypes).toBeUndefined()
  })
})

test('what is built in can be parsed like a list, has no double and no hole', () => {
  const names = BUILT_IN_PROFILES.map(({ id }) => id)
  expect(ids(names.map(id => ({ id })))).toEqual(names)
  expect(new Set(names).size).toBe(names.length)
  for (const id of ['openai-gpt-5', 'openai-gpt-5-codex', 'openai-gpt4.1', 'anthropic-claude-4.1-opus', 'xai-grok-4'])
    expect(names).toContain(id)
})
