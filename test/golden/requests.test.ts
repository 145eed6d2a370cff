import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { UpstreamTraits } from '../../src/dialects/dialect.ts'
import { VENDORS, type VendorName } from '../../src/routing/vendors.ts'
import { isObject, type Json } from '../checkers/json.ts'
import { checkRequest as checkMessagesRequest } from '../simulators/anthropic/check-request.ts'
import { contextOf } from '../simulators/anthropic/context.ts'
import { Seals } from '../simulators/anthropic/seals.ts'
import { checkRequest as checkChatRequest } from '../simulators/openai/check-request.ts'
import { problemOf, SIMULATED } from '../simulators/vendors/vendors.ts'
import { expectGolden, notesText } from './golden.ts'
import { clientCodec, type Format, goldenContext, upstreamCodec } from './relays.ts'

const folder = join(import.meta.dir, 'requests')

interface Target {
  model: string
  traits: UpstreamTraits
  /** The vendor's own rules, as far as its service is simulated. */
  check?: (body: Json) => void
}

/** Signatures of the hand-made request count as the vendor's own. */
function vendorSeals(): Seals {
  const seals = new Seals()
  seals.sign('A greeting.', 'sig_of_the_vendor')
  seals.redact('redacted_by_the_vendor')
  return seals
}

const claude = (model: string): Target => ({
  model,
  traits: {},
  check: body => checkMessagesRequest(body, contextOf(model, { 'anthropic-version': '2023-06-01' }, vendorSeals(), 1_000_000)),
})
const gpt = (model: string): Target => ({ model, traits: {}, check: body => checkChatRequest(body, 1_000_000) })

/** A vendor's own traits, and what its simulator has against the request. */
function vendor(name: VendorName): Target {
  const simulated = SIMULATED[name]
  if (!simulated) throw new Error(`${name} is not simulated`)
  return {
    model: simulated.model,
    traits: VENDORS[name],
    check: body => expect(problemOf(simulated, body)).toBeUndefined(),
  }
}

const CASES: { client: Format; upstream: Format; targets: Target[] }[] = [
  {
    client: 'openai-chat',
    upstream: 'anthropic',
    targets: [claude('claude-opus-4-8'), claude('claude-sonnet-4-5'), claude('claude-opus-5-5'), { model: 'minimax-m3', traits: {} }],
  },
  {
    client: 'anthropic',
    upstream: 'openai-chat',
    targets: [
      gpt('gpt-5.5'),
      gpt('gpt-6.1-sol'),
      gpt('gpt-4.1'),
      { model: 'qwen3-max', traits: { extraSampling: true, replaysReasoning: true, developerRole: false } },
      vendor('mistral'),
      vendor('deepseek'),
      vendor('perplexity'),
      vendor('openrouter'),
    ],
  },
]

/** What clients send, as their kinds do (dialects.md §10), by name; `full` says everything once. Those go to two targets, `full` to all. */
const requestsOf = (client: Format): string[] =>
  readdirSync(join(folder, client))
    .filter(name => name.endsWith('.json'))
    .map(name => name.slice(0, -'.json'.length))
    .sort()

for (const { client, upstream, targets } of CASES) {
  for (const name of requestsOf(client)) {
    describe(`the request ${name} of ${client}`, () => {
      for (const { model, traits, check } of name === 'full' ? targets : targets.slice(0, 2)) {
        test(`to ${model}`, async () => {
          const given = await Bun.file(join(folder, client, `${name}.json`)).json()
          const context = goldenContext()
          const request = clientCodec(client).decodeRequest(given, context)
          const { body, headers } = upstreamCodec(upstream).encodeRequest(request, { model, traits }, context)
          const sent: unknown = JSON.parse(JSON.stringify(body))
          if (!isObject(sent)) throw new Error('the encoded request is no object')
          const text = [
            `# headers\n${JSON.stringify(headers ?? {})}`,
            `# notes\n${notesText(context.notes)}`,
            `# body\n${JSON.stringify(body, null, 2)}\n`,
          ].join('\n')
          await expectGolden(join(folder, client, `${name}.${model.replaceAll('/', '.')}.golden`), text)
          check?.(sent)
        })
      }
    })
  }
}

test("a dropped tool is named by its place in the caller's list, also behind one that is loaded later", () => {
  const context = goldenContext()
  const schema = { type: 'object' }
  const tools = [
    { name: 'later', defer_loading: true, input_schema: schema },
    { name: 'now', input_schema: schema },
    { type: 'web_search_20250305', name: 'web_search' },
  ]
  const body = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }], tools }
  upstreamCodec('openai-chat').encodeRequest(
    clientCodec('anthropic').decodeRequest(body, context),
    { model: 'gpt-4.1', traits: {} },
    context,
  )
  expect(context.notes.map(({ field }) => field)).toEqual(['tools.2'])
})
