import { afterAll, describe, expect, test } from 'bun:test'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { parse } from 'jsonc-parser'
import { type ConfigIo, generateConfigFiles, printConfig, registerConfig } from '../../src/cli/config.ts'
import { exampleConfig } from '../../src/config/example.ts'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { jwtOf } from '../config/jwt.ts'
import { removeWorkplaces, Workplace } from '../config/workplace.ts'

afterAll(removeWorkplaces)

function ioOf(place: Workplace, env: Record<string, string> = {}) {
  const said = { out: '', err: '', code: 0 }
  const io: ConfigIo = {
    env,
    cwd: place.cwd,
    homeDir: place.homeDir,
    out: text => {
      said.out += text
    },
    err: text => {
      said.err += text
    },
    exit: code => {
      said.code = code
    },
  }
  return { io, said }
}

/** Runs `dragoman config …`; wrong usage ends with 2, as in the main program. */
async function run(place: Workplace, args: string[], env: Record<string, string> = {}) {
  const { io, said } = ioOf(place, env)
  const program = new Command('dragoman').exitOverride(({ exitCode }) => {
    said.code = exitCode === 0 ? 0 : 2
    throw new Error('ended')
  })
  program.configureOutput({ writeOut: io.out, writeErr: io.err })
  registerConfig(program, io)
  await program.parseAsync(['config', ...args], { from: 'user' }).catch(error => {
    if (error.message !== 'ended') throw error
  })
  return said
}

describe('config generate', () => {
  test('prints the example', async () => {
    expect(await run(new Workplace(), ['generate'])).toEqual({ out: exampleConfig(), err: '', code: 0 })
  })

  test('writes a file that only its owner reads, and never over another', async () => {
    const place = new Workplace()
    const file = join(place.cwd, 'new', 'dragoman.json')
    expect(await run(place, ['generate', '--output', 'new/dragoman.json'])).toEqual({ out: `wrote ${file}\n`, err: '', code: 0 })
    expect(readFileSync(file, 'utf8')).toBe(exampleConfig())
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const mine = place.write('mine.json', '{"mine":true}')
    const second = await run(place, ['generate', '--output', mine])
    expect(second).toEqual({ out: '', err: `error: ${mine}: exists already, left as it is\n`, code: 1 })
    expect(readFileSync(mine, 'utf8')).toBe('{"mine":true}')
  })
})

describe('config check', () => {
  test('0 where all is well', async () => {
    const place = new Workplace()
    expect(await run(place, ['check'])).toEqual({ out: 'configuration ok (no config file)\n', err: '', code: 0 })
    const file = place.write('dragoman.json', {})
    expect(await run(place, ['check'])).toEqual({ out: `configuration ok: ${file}\n`, err: '', code: 0 })
  })

  test('1 with the place of each fault', async () => {
    const place = new Workplace()
    const file = place.write('other.json', '{\n  "server_prot": 1,\n  "strict": 3\n}')
    const said = await run(place, ['check', '--config', file])
    expect(said).toMatchObject({ out: '', code: 1 })
    expect(said.err.split('\n')).toEqual([
      `error: ${file}:2:3: server_prot: unknown key (did you mean "server_port"?)`,
      `error: ${file}:3:13: strict: must be true or false`,
      '',
    ])
  })

  test('1 where an entry was left out, though it could be served', async () => {
    const place = new Workplace()
    const file = place.write('dragoman.json', '{"providers": [{"name": "A", "provider_type": "opena"}]}')
    const said = await run(place, ['check', '--json'])
    expect(said.code).toBe(1)
    expect(JSON.parse(said.out)).toMatchObject({ ok: false, files: [file], errors: [], warnings: [{ line: 1, column: 47, leftOut: true }] })
    expect(said.err).toStartWith(`warning: ${file}:1:47: providers.0.provider_type: must be one of openai,`)
    expect(said.err).toEndWith('left out (did you mean "openai"?)\n')
  })

  test('a server that would make its first key may listen beyond loopback', async () => {
    expect((await run(new Workplace(), ['check'], { HOST: '0.0.0.0' })).code).toBe(0)
  })
})

describe('config print', () => {
  test('shows values and origins, and masks secrets', async () => {
    const place = new Workplace()
    place.write('dragoman.json', { admin_key: 'admin-key-of-ours-1234', server_port: 9000 })
    const said = await run(place, ['print', '--data-dir', '/data'], { PORT: '9001' })
    expect(said).toMatchObject({ err: '', code: 0 })
    expect(parse(said.out)).toMatchObject({ server_port: 9001, admin_key: '…1234', data_dir: '/data' })
    expect(said.out).toContain('"server_port": 9001, // environment PORT\n')
    expect(said.out).not.toContain('admin-key-of-ours')
    const json = JSON.parse((await run(place, ['print', '--json'])).out)
    expect(json).toMatchObject({ config: { server_port: 9000 }, origins: { strict: 'default' }, files: [join(place.cwd, 'dragoman.json')] })
  })

  test('--print-config is the same', async () => {
    const place = new Workplace()
    place.write('dragoman.json', { bogus: 1 })
    const { io, said } = ioOf(place)
    expect(await printConfig({}, io)).toBe(1)
    expect(said.out).toBe((await run(place, ['print'])).out)
    expect(said.err).toContain('bogus: unknown key')
  })

  test('--print-config shows what the flags beside it make of it, masked', async () => {
    const place = new Workplace()
    place.write('config.json', { jetbrains_tokens: [], bearer_token: 'key-in-the-file-1111', server_port: 9000 })
    const { io, said } = ioOf(place, { BEARER_TOKEN: 'key-of-variable-2222', LOAD_BALANCE_STRATEGY: 'random', PORT: '9001' })
    const flags = { tokens: jwtOf('flag-token-3333'), key: 'key-of-the-flag-4444', port: '9002' }
    expect(await printConfig(flags, io)).toBe(0)
    expect(parse(said.out)).toMatchObject({
      ...{ jetbrains_tokens: [{ token: '…3333' }], bearer_token: '…4444', server_port: 9002, load_balance_strategy: 'random' },
    })
    expect(said.out).not.toContain('flag-token')
  })
})

test('config schema', async () => {
  const said = await run(new Workplace(), ['schema'])
  expect(JSON.parse(said.out)).toEqual(JSON.parse(JSON.stringify(configJsonSchema())))
  expect(said.code).toBe(0)
})

describe('--generate-config', () => {
  test('writes both files', async () => {
    const place = new Workplace()
    const { io } = ioOf(place)
    expect(await generateConfigFiles(io)).toBe(0)
    expect(readFileSync(join(place.cwd, 'config/config.json'), 'utf8')).toBe(exampleConfig())
    expect(readFileSync(join(place.cwd, '.env.example'), 'utf8')).toContain('#DRAGOMAN_SERVER_PORT=8080')
    expect((await run(place, ['check'])).code).toBe(0)
  })

  test('leaves what is there, and still writes what is not', async () => {
    const place = new Workplace()
    const mine = place.write('config/config.json', '{}')
    const { io, said } = ioOf(place)
    expect(await generateConfigFiles(io)).toBe(1)
    expect(readFileSync(mine, 'utf8')).toBe('{}')
    expect(said).toMatchObject({
      out: `wrote ${join(place.cwd, '.env.example')}\n`,
      err: `error: ${mine}: exists already, left as it is\n`,
    })
  })
})

test.each([[['bogus']], [[]], [['check', '--bogus']], [['check', 'more']], [['generate', '--output']]])(
  'wrong usage: config %j',
  async args => {
    expect((await run(new Workplace(), args)).code).toBe(2)
  },
)

test.each(['generate', 'print', 'check', 'schema'])('config %s --help names the options', async name => {
  const said = await run(new Workplace(), [name, '--help'])
  expect(said.code).toBe(0)
  for (const option of ['--config', '--data-dir']) expect(said.out).toContain(option)
})
