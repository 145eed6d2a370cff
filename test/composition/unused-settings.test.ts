import { expect, test } from 'bun:test'
import { unusedSettings } from '../../src/composition/unused-settings.ts'

test('settings without effect are named once each, and only where somebody set them', () => {
  const origins = new Map([
    ['workers', 'flag --workers'],
    ['server_port', 'flag --port'],
    ['metrics_key', 'default'],
    ['jetbrains_tokens.0.token', 'file a.json:1:1'],
    ['jetbrains.native', 'file a.json:2:1'],
    ['qwen.home', 'default of the service'],
  ])
  expect(unusedSettings({ origins })).toEqual(['workers has no effect in this version', 'jetbrains has no effect in this version'])
})
