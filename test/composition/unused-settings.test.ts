import { expect, test } from 'bun:test'
import { unusedSettings } from '../../src/composition/unused-settings.ts'
import { defaultConfig } from '../../src/config/default.ts'

test('settings without effect are named, and only where they ask for something', () => {
  const usual = defaultConfig()
  expect(unusedSettings({ config: usual })).toEqual([])
  const config = { ...usual, server_port: 9, workers: 2, metrics_key: 'k' }
  expect(unusedSettings({ config })).toEqual(['workers has no effect in this version', 'metrics_key has no effect in this version'])
})
