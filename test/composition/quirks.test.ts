import { expect, test } from 'bun:test'
import { configuredTraits } from '../../src/composition/quirks.ts'
import { Reader } from '../../src/config/read.ts'
import { type ProviderConfig, providerSchema } from '../../src/config/schema/provider.ts'
import { traitsOf } from '../../src/dialects/dialect.ts'
import { VENDORS } from '../../src/routing/vendors.ts'

function read(provider: object): { config: ProviderConfig; findings: string[] } {
  const findings: string[] = []
  const reader = new Reader(
    ({ path, message, suggestion }) => void findings.push(`${path.join('.')}: ${message} ${suggestion ?? ''}`.trim()),
  )
  return { config: reader.read(providerSchema, { name: 'A', provider_type: 'openai', ...provider }) as ProviderConfig, findings }
}

test('quirks override single traits, for every model', () => {
  const { config, findings } = read({ quirks: { efforts: ['low', 'max'], mid_system: false, refuses: ['stop'], json_schema: true } })
  expect(findings).toEqual([])
  const traits = configuredTraits(config, VENDORS.moonshot)
  expect(traits).toMatchObject({ replaysReasoning: true, midSystem: false, jsonSchema: true })
  expect(traitsOf({ model: 'kimi-k3', traits })).toMatchObject({
    efforts: ['low', 'max'],
    refuses: ['stop'],
    reasoningSwitch: 'reasoning_effort',
  })
})

test('the older settings beside them still count, quirks before them', () => {
  const { config } = read({ max_tokens_field: 'max_completion_tokens', developer_role: true, quirks: { developer_role: false } })
  expect(configuredTraits(config, { extraSampling: true })).toEqual({
    extraSampling: true,
    maxTokensField: 'max_completion_tokens',
    developerRole: false,
  })
})

test('an unknown quirk or value is an error that names what may have been meant', () => {
  expect(read({ quirks: { mid_sytem: true } }).findings).toEqual(['quirks.mid_sytem: unknown key did you mean "mid_system"?'])
  expect(read({ quirks: { documents: 'files' } }).findings).toEqual([
    'quirks.documents: must be one of file, document_url, none did you mean "file"?',
  ])
  expect(read({ quirks: { efforts: ['huge'] } }).findings[0]).toStartWith('quirks.efforts.0: must be one of none, minimal')
})
