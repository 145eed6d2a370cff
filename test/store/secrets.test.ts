import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readOrCreateSecret } from '../../src/store/secrets.ts'
import { temporaryFolders } from './temporary-folders.ts'

const folder = temporaryFolders()

describe('readOrCreateSecret', () => {
  test('makes it once, for the owner alone', () => {
    const dir = join(folder(), 'data')
    const path = join(dir, 'admin.key')
    expect(readOrCreateSecret(path, () => 'first')).toEqual({ value: 'first', created: true })
    expect(readOrCreateSecret(path, () => 'second')).toEqual({ value: 'first', created: false })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path, 'utf8')).toBe('first\n')
    expect(readdirSync(dir)).toEqual(['admin.key'])
  })

  test('where another process was faster, both have its secret', () => {
    const dir = folder()
    const path = join(dir, 'admin.key')
    const made = readOrCreateSecret(path, () => {
      writeFileSync(path, 'theirs\n', { mode: 0o600 })
      return 'ours'
    })
    expect(made).toEqual({ value: 'theirs', created: false })
    expect(readdirSync(dir)).toEqual(['admin.key'])
  })

  test.each([0o640, 0o604, 0o620, 0o644])('refuses a file that others may use (%o)', mode => {
    const path = join(folder(), 'admin.key')
    writeFileSync(path, 'hunter2\n')
    chmodSync(path, mode)
    let message = ''
    try {
      readOrCreateSecret(path, () => 'new')
    } catch (error) {
      expect(error).toMatchObject({ kind: 'permissions' })
      message = String(error)
    }
    expect(message).toContain(`chmod 600 ${path}`)
    expect(message).not.toContain('hunter2')
    expect(readFileSync(path, 'utf8')).toBe('hunter2\n')
  })

  test('an empty file is no secret', () => {
    const path = join(folder(), 'admin.key')
    writeFileSync(path, '\n', { mode: 0o600 })
    expect(() => readOrCreateSecret(path, () => 'new')).toThrow('is empty')
  })

  test('a maker that fails leaves nothing', () => {
    const path = join(folder(), 'admin.key')
    const failing = () => {
      throw new Error('no chance')
    }
    expect(() => readOrCreateSecret(path, failing)).toThrow('no chance')
    expect(existsSync(path)).toBe(false)
  })
})
