import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeBackJwt, writtenBack } from '../../src/composition/write-back.ts'
import { removeWorkplaces, Workplace } from '../config/workplace.ts'
import { configOf } from './configs.ts'

afterAll(removeWorkplaces)

const NOW = Date.UTC(2026, 3, 1)
const OWN = { licenseId: 'LIC1', authorization: 'eyJ.old', jwt: 'eyJ.before', last_updated: 5, has_quota: true, grazieAgent: '{}' }
const OTHER = { licenseId: 'LIC2', authorization: 'eyJ.other', jwt: null, last_updated: null }

const fileOf = (content: unknown, mode?: number): string => new Workplace().write('jetbrainsai.json', content, mode)

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

describe('a fresh JWT', () => {
  test('is written into the entry of its licence, with its time in seconds; nothing else changes', async () => {
    const file = fileOf([OTHER, OWN, { jwt: 'eyJ.alone' }], 0o640)
    expect(await writeBackJwt(file, { licenseId: 'LIC1', jwt: 'eyJ.fresh', authorization: 'eyJ.newer', refresh_token: 'rt' }, NOW)).toBe(
      true,
    )
    expect(read(file)).toEqual([OTHER, { ...OWN, jwt: 'eyJ.fresh', last_updated: NOW / 1000 }, { jwt: 'eyJ.alone' }])
    expect(statSync(file).mode & 0o777).toBe(0o640)
    expect(readdirSync(join(file, '..'))).toEqual(['jetbrainsai.json'])
  })

  test.each([
    ['of another licence', { licenseId: 'LIC9', jwt: 'eyJ.fresh' }],
    ['without a licence', { jwt: 'eyJ.fresh' }],
    ['that is there already', { licenseId: 'LIC1', jwt: 'eyJ.before' }],
    ['that is none', { licenseId: 'LIC1' }],
  ])('%s leaves the file alone', async (_, credential) => {
    const file = fileOf([OWN])
    const { ino } = statSync(file)
    expect(await writeBackJwt(file, credential, NOW)).toBe(false)
    expect([read(file), statSync(file).ino]).toEqual([[OWN], ino])
  })

  test.each(['{broken', '{"licenseId":"LIC1"}', ''])('leaves a file that is no list as it is: %p', async text => {
    const file = fileOf(text)
    await expect(writeBackJwt(file, { licenseId: 'LIC1', jwt: 'eyJ.fresh' }, NOW)).rejects.toThrow('is no plain JSON list')
    expect(readFileSync(file, 'utf8')).toBe(text)
  })
})

test('only the lists of accounts are written to, and only where that is asked for', () => {
  const olderFiles = [
    { file: '/a/jetbrainsai.json', kind: 'jetbrainsai' as const },
    { file: '/a/models.json', kind: 'models' as const },
  ]
  const of = (jetbrains: object) => writtenBack({ config: configOf({ jetbrains }), olderFiles })
  expect([of({}), of({ write_back: false }), of({ write_back: true })]).toEqual([[], [], ['/a/jetbrainsai.json']])
})
