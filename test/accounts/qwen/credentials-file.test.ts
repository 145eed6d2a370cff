import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { isUsable, type QwenCredential } from '../../../src/accounts/qwen/credential.ts'
import { CredentialsFile, lockPathOf } from '../../../src/accounts/qwen/credentials-file.ts'
import { temporaryFolders } from '../../store/temporary-folders.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { refusalOf } from '../jetbrains/driver.ts'
import { passing } from './driver.ts'

const folder = temporaryFolders()

const STORED: QwenCredential = {
  access_token: 'at-0',
  refresh_token: 'rt-0',
  token_type: 'Bearer',
  resource_url: 'portal.qwen.ai',
  expiry_date: 1_795_264_960_105,
}
const RENEWED: QwenCredential = { ...STORED, access_token: 'at-1', refresh_token: 'rt-1', expiry_date: 1_795_264_999_999 }

const HINT = 'sign in with the Qwen CLI or `dragoman login qwen`'

class Scene {
  readonly folder = join(folder(), '.qwen')
  readonly path = join(this.folder, 'oauth_creds.json')
  readonly clock = new FakeClock(Date.now())
  readonly file = new CredentialsFile(this.path, this.clock)

  constructor(content?: unknown) {
    mkdirSync(this.folder, { mode: 0o700 })
    if (content !== undefined) this.write(content)
  }

  write(content: unknown): void {
    writeFileSync(this.path, typeof content === 'string' ? content : JSON.stringify(content))
  }

  get text(): string {
    return readFileSync(this.path, 'utf8')
  }

  get names(): string[] {
    return readdirSync(this.folder)
  }
}

test('the lock is named after the file, as by the CLI', () => {
  expect(lockPathOf('/x/oauth_creds.json')).toBe('/x/oauth_creds.lock')
  expect(lockPathOf('/x/oauth_creds_work.json')).toBe('/x/oauth_creds_work.lock')
  expect(lockPathOf('/x/creds')).toBe('/x/creds.lock')
})

describe('reading', () => {
  test('takes what the CLI takes', async () => {
    expect(await new Scene({ ...STORED, id_token: 'x' }).file.load()).toEqual(STORED)
  })

  const invalid: [content: string, problem: string][] = [
    ['', 'is no valid JSON'],
    ['{"access_token": "a', 'is no valid JSON'],
    ['"text"', 'is no JSON object'],
    ['null', 'is no JSON object'],
    [JSON.stringify({ ...STORED, expiry_date: 0 }), 'has no expiry_date'],
    [`"${'x'.repeat(1_000_000)}"`, 'is too long'],
  ]
  for (const [content, problem] of invalid) {
    test(`${content.slice(0, 30)} counts as absent`, async () => {
      const { file, clock } = new Scene(content)
      expect(await passing(clock, file.load())).toEqual({ problem: `oauth_creds.json ${problem}; ${HINT}` })
    })
  }

  test('what is gone, or no file, is absent', async () => {
    const scene = new Scene()
    expect(await scene.file.load()).toEqual({ problem: `oauth_creds.json is gone; ${HINT}` })
    mkdirSync(scene.path)
    expect(await scene.file.load()).toEqual({ problem: `oauth_creds.json is no file; ${HINT}` })
  })

  test('a file that is just being written is read again', async () => {
    const scene = new Scene('{"access_token"')
    const loaded = scene.file.load()
    while (scene.clock.waiting === 0) await scene.clock.tick(0)
    scene.write(STORED)
    expect(await passing(scene.clock, loaded)).toEqual(STORED)
  })
})

describe('a change', () => {
  test('is seen by the file, not by the clock', async () => {
    const scene = new Scene(STORED)
    expect(await scene.file.isChanged()).toBe(true)
    await scene.file.load()
    expect(await scene.file.isChanged()).toBe(false)
    scene.write(RENEWED)
    utimesSync(scene.path, 1, 1)
    expect(await scene.file.isChanged()).toBe(true)
    await scene.file.load()
    expect(await scene.file.isChanged()).toBe(false)
    rmSync(scene.path)
    expect(await scene.file.isChanged()).toBe(true)
    await scene.file.load()
    expect(await scene.file.isChanged()).toBe(false)
  })

  test('of our own is none', async () => {
    const scene = new Scene(STORED)
    await scene.file.load()
    await scene.file.save(RENEWED)
    expect(await scene.file.isChanged()).toBe(false)
  })
})

describe('writing', () => {
  test('leaves the file as the CLI would, for its owner alone, with what others keep in it', async () => {
    const scene = new Scene({ ...STORED, id_token: 'x', nested: { a: [1] } })
    chmodSync(scene.path, 0o644)
    await scene.file.load()
    await scene.file.save(RENEWED)
    expect(scene.text).toBe(
      [
        '{',
        '  "access_token": "at-1",',
        '  "token_type": "Bearer",',
        '  "refresh_token": "rt-1",',
        '  "resource_url": "portal.qwen.ai",',
        '  "expiry_date": 1795264999999,',
        '  "id_token": "x",',
        '  "nested": {',
        '    "a": [',
        '      1',
        '    ]',
        '  }',
        '}',
      ].join('\n'),
    )
    expect([statSync(scene.path).mode & 0o777, scene.names]).toEqual([0o600, ['oauth_creds.json']])
    expect(await new CredentialsFile(scene.path, scene.clock).load()).toEqual(RENEWED)
  })

  test('does not bring back a file that somebody removed', async () => {
    const scene = new Scene(STORED)
    await scene.file.load()
    rmSync(scene.path)
    await expect(scene.file.save(RENEWED)).rejects.toThrow('oauth_creds.json is gone: new tokens are not written to it')
    expect([scene.names, await scene.file.isChanged()]).toEqual([[], true])
  })

  test('does not write over the sign-in of somebody else', async () => {
    const scene = new Scene(STORED)
    await scene.file.load()
    const other = JSON.stringify({ ...STORED, refresh_token: 'of another sign-in' })
    scene.write(other)
    await expect(scene.file.save(RENEWED)).rejects.toThrow('oauth_creds.json was replaced meanwhile: new tokens are not written over it')
    expect([scene.text, await scene.file.isChanged()]).toEqual([other, true])
  })

  test('keeps a link, and replaces what it points to', async () => {
    const scene = new Scene()
    const home = folder()
    writeFileSync(join(home, 'real.json'), JSON.stringify(STORED))
    symlinkSync(join(home, 'real.json'), scene.path)
    expect(await scene.file.load()).toEqual(STORED)
    await scene.file.save(RENEWED)
    expect(lstatSync(scene.path).isSymbolicLink()).toBe(true)
    expect(JSON.parse(readFileSync(join(home, 'real.json'), 'utf8'))).toEqual(RENEWED)
    expect([await scene.file.realPath(), readdirSync(home)]).toEqual([join(home, 'real.json'), ['real.json']])
    expect(await scene.file.isChanged()).toBe(false)
  })

  test('leaves nothing behind where it fails', async () => {
    const scene = new Scene(STORED)
    await scene.file.load()
    const circular: QwenCredential & { toJSON?: () => never } = { ...RENEWED, access_token: 'x' }
    Object.defineProperty(circular, 'token_type', {
      enumerable: true,
      value: {
        toJSON: () => {
          throw new Error('cannot be written')
        },
      },
    })
    await expect(scene.file.save(circular)).rejects.toThrow('cannot be written')
    expect([scene.names, JSON.parse(scene.text)]).toEqual([['oauth_creds.json'], { ...STORED }])
  })
})

describe('a sign-in', () => {
  test("makes the folder and the file for their owner alone, in the CLI's order", async () => {
    const path = join(folder(), 'new', '.qwen', 'oauth_creds_work.json')
    await new CredentialsFile(path, new FakeClock()).replace(RENEWED)
    expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')))).toEqual([
      'access_token',
      'refresh_token',
      'token_type',
      'resource_url',
      'expiry_date',
    ])
    const modes = [path, join(path, '..')].map(each => statSync(each).mode & 0o777)
    expect([modes, readdirSync(join(path, '..'))]).toEqual([[0o600, 0o700], ['oauth_creds_work.json']])
  })

  test('takes the place of another, once nobody refreshes that', async () => {
    const scene = new Scene({ ...STORED, id_token: 'of the other' })
    const other = new CredentialsFile(scene.path, scene.clock)
    await other.acquire()
    const replaced = scene.file.replace(RENEWED)
    for (let turn = 0; turn < 20; turn++) await scene.clock.tick(10)
    expect(JSON.parse(scene.text).refresh_token).toBe('rt-0')
    await other.release()
    await passing(scene.clock, replaced)
    expect(JSON.parse(scene.text)).toEqual(RENEWED)
  })
})

describe('the lock', () => {
  test('lies beside the file while it is held', async () => {
    const scene = new Scene(STORED)
    expect(await scene.file.acquire()).toBe(true)
    expect(existsSync(join(scene.folder, 'oauth_creds.lock'))).toBe(true)
    await scene.file.release()
    expect(scene.names).toEqual(['oauth_creds.json'])
  })

  test('says what is wrong where it cannot be made, and nothing of the path', async () => {
    const scene = new Scene()
    rmSync(scene.folder, { recursive: true })
    const gone = await refusalOf(scene.file.acquire().then(String))
    expect(gone.upstream?.verdict).toEqual({ state: 'needs_sign_in', reason: `the folder of oauth_creds.json is gone; ${HINT}` })
    writeFileSync(scene.folder, 'a file')
    const blocked = await refusalOf(scene.file.acquire().then(String))
    expect(blocked.upstream?.verdict?.state).toBe('cooling_down')
    expect(blocked.message).toBe('no new token: the folder of oauth_creds.json cannot be written (ENOTDIR)')
  })
})

test('a credential of a file is usable', async () => {
  expect(isUsable(await new Scene(STORED).file.load())).toBe(true)
})
