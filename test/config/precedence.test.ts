import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { writableByOthers } from '../../src/config/dotenv.ts'
import { searchPaths } from '../../src/config/search.ts'
import { jwtOf } from './jwt.ts'
import { removeWorkplaces, Workplace } from './workplace.ts'

afterAll(removeWorkplaces)

describe('precedence', () => {
  const steps = [
    { source: 'default', port: 8080 },
    { source: 'file', port: 1001 },
    { source: '.env older', port: 1002 },
    { source: '.env ours', port: 1003 },
    { source: 'environment older', port: 1004 },
    { source: 'environment older, more specific', port: 1005 },
    { source: 'environment ours', port: 1006 },
    { source: 'flag', port: 1007 },
  ]
  const origins = ['default', 'file', '.env PORT', '.env DRAGOMAN_SERVER_PORT', 'environment PORT', 'environment SERVER_PORT']
  origins.push('environment DRAGOMAN_SERVER_PORT', 'flag --port')

  for (const [count, { source, port }] of steps.entries()) {
    test(`${source} wins over everything weaker`, async () => {
      const place = new Workplace()
      const env: Record<string, string> = {}
      const has = (step: number) => count >= step
      if (has(1)) place.write('dragoman.json', { server_port: 1001 })
      if (has(2)) place.write('.env', `PORT=1002\n${has(3) ? 'DRAGOMAN_SERVER_PORT="1003"\n' : ''}`)
      if (has(4)) env.PORT = '1004'
      if (has(5)) env.SERVER_PORT = '1005'
      if (has(6)) env.DRAGOMAN_SERVER_PORT = '1006'
      const loaded = await place.load({ env, flags: has(7) ? { port: '1007' } : {} })
      expect(loaded.errors).toEqual([])
      expect(loaded.config.server_port).toBe(port)
      expect(loaded.origins.get('server_port')).toStartWith(origins[count] ?? '?')
    })
  }

  test('a nested variable changes one member and leaves the others to the file', async () => {
    const file = { limits: { body: '1MB', depth: 7 }, timeouts: { idle: 90 } }
    const { config, origins } = await new Workplace().loadFile(file, { env: { DRAGOMAN_LIMITS_BODY: '2MB' } })
    expect(config.limits).toEqual({ body: 2 * 1024 ** 2, depth: 7 })
    expect(config.timeouts).toEqual({ connect: 10_000, first_byte: 300_000, idle: 90_000, heartbeat: 15_000 })
    expect(origins.get('limits.body')).toBe('environment DRAGOMAN_LIMITS_BODY')
    expect(origins.get('limits.depth')).toMatch(/^file .*dragoman\.json:1:33$/)
    expect(origins.get('timeouts.connect')).toBe('default')
  })

  test('the short flags of the older proxy', async () => {
    const flags = {
      host: '127.0.0.2',
      tokens: `${jwtOf('a')},${jwtOf('b')}`,
      key: 'k-123456789',
      strategy: 'random',
      logLevel: 'DEBUG',
      dataDir: 'data',
    }
    const place = new Workplace()
    const { config, errors } = await place.load({ flags })
    expect(errors).toEqual([])
    expect(config).toMatchObject({
      server_host: '127.0.0.2',
      bearer_token: 'k-123456789',
      load_balance_strategy: 'random',
      log_level: 'debug',
      data_dir: join(place.cwd, 'data'),
    })
    expect(config.jetbrains_tokens.map(({ token }) => token)).toEqual([jwtOf('a'), jwtOf('b')])
  })
})

describe('data folder', () => {
  const place = new Workplace()
  const folder = async (input: Parameters<Workplace['load']>[0]) => (await place.load(input)).config.data_dir
  test('default, XDG, service, variable and flag', async () => {
    expect(await folder({})).toBe(join(place.homeDir, '.local/share/dragoman'))
    expect(await folder({ env: { XDG_DATA_HOME: '/xdg' } })).toBe('/xdg/dragoman')
    expect(await folder({ env: { XDG_DATA_HOME: 'relative' } })).toBe(join(place.homeDir, '.local/share/dragoman'))
    expect(await folder({ asService: true, env: { XDG_DATA_HOME: '/xdg' } })).toBe('/var/lib/dragoman')
    expect(await folder({ env: { XDG_DATA_HOME: '/xdg', DRAGOMAN_DATA_DIR: '~/mine' } })).toBe(join(place.homeDir, 'mine'))
    expect(await folder({ env: { DRAGOMAN_DATA_DIR: '~/mine' }, flags: { dataDir: '/flag' } })).toBe('/flag')
  })

  test('the file wins over XDG', async () => {
    const { config } = await new Workplace().loadFile({ data_dir: '/from-file' }, { env: { XDG_DATA_HOME: '/xdg' } })
    expect(config.data_dir).toBe('/from-file')
  })
})

describe('search for the config file', () => {
  const wanted = [
    'dragoman.json',
    'config.json',
    'config/config.json',
    'configs/config.json',
    '.config/dragoman.json',
    '.config/jetbrains-ai-proxy.json',
    '~/.config/dragoman/config.json',
    '~/.config/jetbrains-ai-proxy/config.json',
    '/etc/dragoman/config.json',
  ]

  test('the places and their order', () => {
    const full = wanted.map(path => (path.startsWith('~') ? `/home/me${path.slice(1)}` : path.startsWith('/') ? path : `/srv/app/${path}`))
    expect(searchPaths('/srv/app', '/home/me')).toEqual(full)
  })

  test('each is found where none before it is there', async () => {
    const place = new Workplace()
    for (const [index, path] of searchPaths(place.cwd, place.homeDir).slice(0, 8).toReversed().entries()) {
      place.write(path, { server_port: 2000 + index })
      const loaded = await place.load()
      expect(loaded.files).toEqual([path])
      expect(loaded.config.server_port).toBe(2000 + index)
    }
  })

  test('a named file: flag, then variables; one that is missing is an error and still watched', async () => {
    const place = new Workplace()
    place.write('dragoman.json', { server_port: 1 })
    place.write('a.json', { server_port: 2 })
    place.write(join(place.homeDir, 'b.json'), { server_port: 3 })
    const port = async (input: Parameters<Workplace['load']>[0]) => (await place.load(input)).config.server_port
    expect(await port({ env: { CONFIG_FILE: 'a.json' } })).toBe(2)
    expect(await port({ env: { CONFIG_FILE: 'a.json', DRAGOMAN_CONFIG_FILE: '~/b.json' } })).toBe(3)
    expect(await port({ env: { CONFIG_FILE: '~/b.json' }, flags: { config: 'a.json' } })).toBe(2)
    const missing = await place.load({ flags: { config: 'none.json' } })
    expect(missing.errors).toEqual([{ file: join(place.cwd, 'none.json'), path: '', message: 'does not exist' }])
    expect(missing.files).toEqual([join(place.cwd, 'none.json')])
  })
})

describe('.env', () => {
  test('only our names are read, and never as a service', async () => {
    const place = new Workplace()
    place.write(
      '.env',
      'NODE_TLS_REJECT_UNAUTHORIZED=0\nXDG_DATA_HOME=/evil\nexport BEARER_TOKEN="from-dot-env"\nHTTPS_PROXY=http://evil\n',
    )
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    const { config, origins, files, watched } = await place.load()
    expect(config.bearer_token).toBe('from-dot-env')
    expect(config.data_dir).toStartWith(place.homeDir)
    expect(origins.get('bearer_token')).toBe('.env BEARER_TOKEN')
    expect(files).toEqual([join(place.cwd, '.env')])
    // What is not there yet would be read once it is.
    expect(watched).toEqual(expect.arrayContaining(['dragoman.json', '.env'].map(name => join(place.cwd, name))))
    expect(process.env.NODE_TLS_REJECT_UNAUTHORIZED).toBe(before)
    const service = await place.load({ asService: true })
    expect(service.config.bearer_token).toBeUndefined()
    expect(service.files).toEqual([])
  })

  test('a fault is shown at its line', async () => {
    const place = new Workplace()
    const file = place.write('.env', '# ports\nexport PORT=many\n')
    expect((await place.load()).errors).toEqual([{ file, line: 2, column: 1, path: 'server_port', message: 'must be a whole number' }])
  })

  for (const [what, mode, folderMode] of [
    ['the file can be written by its group', 0o620, 0o700],
    ['the file can be written by anybody', 0o602, 0o700],
    ['the folder can be written by its group', 0o600, 0o720],
    ['the folder can be written by anybody', 0o600, 0o707],
  ] as const) {
    test(`is ignored with a warning when ${what}`, async () => {
      const place = new Workplace()
      const file = place.write('.env', 'BEARER_TOKEN=from-dot-env', mode)
      chmodSync(place.cwd, folderMode)
      const { config, warnings, errors, files } = await place.load()
      expect(config.bearer_token).toBeUndefined()
      expect(files).toEqual([])
      expect(errors).toEqual([])
      expect(warnings).toHaveLength(1)
      expect(warnings[0]).toMatchObject({ file, message: expect.stringContaining('can be written by others') })
    })
  }

  test("another user's file does not count, root's and our own do", () => {
    expect(writableByOthers({ mode: 0o100644, uid: 1000 }, 1001)).toBe('belongs to another user')
    expect(writableByOthers({ mode: 0o100644, uid: 0 }, 1001)).toBeUndefined()
    expect(writableByOthers({ mode: 0o100644, uid: 1001 }, 1001)).toBeUndefined()
    expect(writableByOthers({ mode: 0o100664, uid: 1001 }, 1001)).toBe('can be written by others')
  })

  test.if(process.getuid?.() === 0)('is ignored when it belongs to somebody else', async () => {
    const place = new Workplace()
    const file = place.write('.env', 'BEARER_TOKEN=from-dot-env')
    chownSync(file, 1234, 1234)
    const { config, warnings } = await place.load()
    expect(config.bearer_token).toBeUndefined()
    expect(warnings[0]).toMatchObject({ file, message: 'ignored: the file belongs to another user' })
  })
})
