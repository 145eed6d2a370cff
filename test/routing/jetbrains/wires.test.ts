import { describe, expect, test } from 'bun:test'
import { type ErrorDetails, type ErrorKind, GatewayError } from '../../../src/core/errors.ts'
import { JetbrainsWires } from '../../../src/routing/jetbrains/wires.ts'

const own = { id: 'jetbrains' } as const
const anthropic = { id: 'anthropic' } as const
const openai = { id: 'openai-chat' } as const

const wires = (native = true) => new JetbrainsWires({ own, anthropic, openai }, native)
const proxied = (id: string, vendorId?: string) => ({ id, vendorId, features: ['Chat', 'Proxy'] })
const error = (kind: ErrorKind, message = 'x', details: ErrorDetails = {}) => new GatewayError(kind, message, details)

describe('a profile is reached', () => {
  test.each([
    ['anthropic-claude-4-5-sonnet', anthropic, 'claude-sonnet-4-5-20250929', '/user/v5/llm/anthropic/v1/messages'],
    ['openai-gpt4.1', openai, 'gpt-4.1', '/user/v5/llm/openai/v1/chat/completions'],
    ['openai-o3', openai, 'o3', '/user/v5/llm/openai/v1/chat/completions'],
  ])('%s by its vendor’s route where that is offered', (id, dialect, model, path) => {
    expect(wires().wireOf(proxied(id))).toMatchObject({ dialect, model, path })
  })

  test.each(['openai-gpt-5-codex', 'openai-gpt-5-1-codex-max', 'xai-grok-4', 'google-gemini-3-1-pro', 'qwen-max'])(
    '%s by the service’s own chat: nothing here speaks its vendor’s route',
    id => expect(wires().wireOf(proxied(id))).toMatchObject({ dialect: own, model: id }),
  )

  test('by the own chat where no route is offered, or none is wanted', () => {
    const id = 'anthropic-claude-4-5-sonnet'
    for (const wire of [
      wires().wireOf({ id }),
      wires().wireOf({ id, features: ['Chat'] }),
      wires().wireOf({ id, features: [] }),
      wires(false).wireOf(proxied(id)),
    ]) {
      expect(wire).toMatchObject({ dialect: own, model: id })
      expect([wire.path, wire.refused]).toEqual([undefined, undefined])
    }
  })

  test('by the own chat with what the list says of it', () => {
    const profile = { id: 'm', parameters: ['llm.parameters.tools'], mediaTypes: ['image/png'], maxOutput: 5, contextLimit: 7 }
    expect(wires().wireOf(profile).traits).toEqual({ parameters: ['llm.parameters.tools'], mediaTypes: ['image/png'], maxOutput: 5 })
  })
})

describe('a vendor’s route that turns the model down', () => {
  const refusals: [string, GatewayError][] = [
    ['an unknown model', error('model-not-found')],
    ['404', error('not-found')],
    ['405', error('method-not-allowed')],
    ['a 400 in words', error('invalid-request', 'Unsupported model gpt-9, supported: …', { upstream: { status: 400 } })],
    ['a 400 that names features', error('invalid-request', 'profile.features - Should support Proxy', { upstream: { status: 400 } })],
  ]

  test.each(refusals)('%s: the list’s own name, then the own chat', (_, refusal) => {
    const some = wires()
    const profile = proxied('anthropic-claude-4-5-sonnet', 'claude-sonnet-4-5')
    const first = some.wireOf(profile)
    expect(first.model).toBe('claude-sonnet-4-5-20250929')
    expect(first.refused?.(refusal)).toBe(true)
    const second = some.wireOf(profile)
    expect(second).toMatchObject({ dialect: anthropic, model: 'claude-sonnet-4-5' })
    expect(second.refused?.(refusal)).toBe(true)
    expect(some.wireOf(profile)).toMatchObject({ dialect: own, model: 'anthropic-claude-4-5-sonnet' })
    // The others are still offered.
    expect(some.wireOf(proxied('anthropic-claude-4-5-opus')).dialect).toBe(anthropic)
  })

  test('has no second name where the list says the same', () => {
    const some = wires()
    some.wireOf(proxied('openai-gpt-4o', 'gpt-4o')).refused?.(error('not-found'))
    expect(some.wireOf(proxied('openai-gpt-4o', 'gpt-4o')).dialect).toBe(own)
  })

  test.each<[string, GatewayError]>([
    ['a fault of the caller', error('invalid-request', 'messages: too long', { upstream: { status: 400 } })],
    ['the words without the status', error('invalid-request', 'unsupported model')],
    ['a quota', error('quota-exhausted', 'x', { upstream: { status: 477 } })],
    ['a credential', error('authentication')],
    ['an outage', error('bad-gateway')],
  ])('is not meant by %s', (_, other) => {
    const some = wires()
    const profile = proxied('openai-gpt-4o')
    expect(some.wireOf(profile).refused?.(other)).toBe(false)
    expect(some.wireOf(profile).dialect).toBe(openai)
  })
})
