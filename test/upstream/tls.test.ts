import { afterAll, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call, failure } from './calls.ts'
import { closers } from './raw-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'tls-'))
afterAll(() => {
  for (const close of closers.splice(0)) close()
  rmSync(folder, { recursive: true })
})

const openssl = (...words: string[]): boolean => spawnSync('openssl', words, { cwd: folder, stdio: 'ignore' }).status === 0

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

const CONFIG = `[ca]
default_ca=d
[d]
database=index.txt
serial=serial
new_certs_dir=.
default_md=sha256
unique_subject=no
policy=p
[p]
commonName=supplied
`

/** An authority of our own, and what it has signed: for whom, and until when. */
function makeCertificates(): boolean {
  writeFileSync(join(folder, 'ca.cnf'), CONFIG)
  writeFileSync(join(folder, 'index.txt'), '')
  writeFileSync(join(folder, 'serial'), '01')
  if (!openssl('req', '-x509', ...KEY, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '3650', '-subj', '/CN=authority')) return false
  return (
    [
      ['named', 'DNS:localhost', '20900101000000Z'],
      ['other', 'DNS:example.test', '20900101000000Z'],
      ['numbered', 'IP:127.0.0.1', '20900101000000Z'],
      ['expired', 'DNS:localhost', '20210101000000Z'],
    ] as const
  ).every(([name, who, end]) => {
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${who}`)
    const times = ['-startdate', '20200101000000Z', '-enddate', end]
    const files = ['-cert', 'ca.pem', '-keyfile', 'ca.key', '-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`]
    return (
      openssl('req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`) &&
      openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', ...files, ...times)
    )
  })
}

const made = makeCertificates()

function serve(name: string) {
  const seen = { bytes: 0, used: new Set<object>() }
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    tls: { cert: readFileSync(join(folder, `${name}.pem`), 'utf8'), key: readFileSync(join(folder, `${name}.key`), 'utf8') },
    socket: {
      data(socket, bytes) {
        seen.used.add(socket)
        seen.bytes += bytes.length
        if (bytes.toString('latin1').endsWith('{}')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      },
      error() {},
    },
  })
  closers.push(() => listener.stop(true))
  return { port: listener.port, seen }
}

/** Calls from a process that trusts our authority: who is trusted is settled when a process starts. */
const CALLER = `
import { systemClock } from ${JSON.stringify(join(import.meta.dir, '../../src/core/clock.ts'))}
import { call, textOf } from ${JSON.stringify(join(import.meta.dir, 'calls.ts'))}
import { createSend } from ${JSON.stringify(join(import.meta.dir, '../../src/upstream/client.ts'))}
const send = createSend(systemClock)
const said = []
for (const url of process.argv.slice(2)) {
  said.push(await call(url, { send }).then(textOf).catch(error => error.message + ' ' + error.upstream.maybeExecuted))
}
console.log(JSON.stringify(said))
process.exit(0)
`

async function callTrusting(urls: string[]): Promise<string[]> {
  const script = join(folder, 'caller.ts')
  writeFileSync(script, CALLER)
  const child = Bun.spawn([process.execPath, script, ...urls], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  return JSON.parse(await new Response(child.stdout).text()) as string[]
}

describe.if(made)('TLS', () => {
  test('a certificate of nobody that we trust: refused before a byte of ours', async () => {
    const { port, seen } = serve('named')
    const error = await failure(call(`https://localhost:${port}/v1?secret=1`))
    expect(error).toMatchObject({
      kind: 'bad-gateway',
      message: 'the upstream could not be reached (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
      upstream: { maybeExecuted: false },
    })
    expect(seen.bytes).toBe(0)
  })

  test('one that signed itself', async () => {
    const words = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    expect(openssl('req', '-x509', ...KEY, '-keyout', 'self.key', '-out', 'self.pem', '-days', '10', ...words)).toBe(true)
    const { port, seen } = serve('self')
    expect((await failure(call(`https://localhost:${port}/`))).message).toMatch(/\((DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT\w*)\)$/)
    expect(seen.bytes).toBe(0)
  })

  test('a server that speaks no TLS', async () => {
    const listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { data: socket => void socket.end('HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n'), error() {} },
    })
    closers.push(() => listener.stop(true))
    const error = await failure(call(`https://localhost:${listener.port}/`))
    expect(error).toMatchObject({ kind: 'bad-gateway', upstream: { maybeExecuted: false } })
    expect(error.message).toMatch(/^the upstream could not be reached( \(\w+\))?$/)
  })

  test('trusted: the right name or address is served, on one connection; a wrong or late one gets nothing', async () => {
    const servers = { named: serve('named'), other: serve('other'), numbered: serve('numbered'), expired: serve('expired') }
    const refused = (code: string) => `the upstream could not be reached (${code}) false`
    expect(
      await callTrusting([
        `https://localhost:${servers.named.port}/`,
        `https://localhost:${servers.named.port}/`,
        `https://127.0.0.1:${servers.named.port}/`,
        `https://localhost:${servers.other.port}/`,
        `https://127.0.0.1:${servers.other.port}/`,
        `https://127.0.0.1:${servers.numbered.port}/`,
        `https://localhost:${servers.numbered.port}/`,
        `https://localhost:${servers.expired.port}/`,
      ]),
    ).toEqual([
      'ok',
      'ok',
      refused('ERR_TLS_CERT_ALTNAME_INVALID'),
      refused('ERR_TLS_CERT_ALTNAME_INVALID'),
      refused('ERR_TLS_CERT_ALTNAME_INVALID'),
      'ok',
      refused('ERR_TLS_CERT_ALTNAME_INVALID'),
      refused('CERT_HAS_EXPIRED'),
    ])
    expect(servers.named.seen.used.size).toBe(1)
    expect([servers.other.seen.bytes, servers.expired.seen.bytes]).toEqual([0, 0])
  })
})

test.if(made)('TLS: who reads nothing lets the sender wait, and a large body arrives whole', async () => {
  // In the trusting process too: the same calls, on bodies.
  const size = 24 << 20
  let sent = 0
  let got = 0
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    tls: { cert: readFileSync(join(folder, 'named.pem'), 'utf8'), key: readFileSync(join(folder, 'named.key'), 'utf8') },
    socket: {
      data(socket, bytes) {
        got += bytes.length
        if (!bytes.toString('latin1').endsWith('END')) return
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`)
        more(socket)
      },
      drain: socket => more(socket),
      error() {},
    },
  })
  const piece = Buffer.alloc(256 * 1024, 'x')
  function more(socket: Bun.Socket<undefined>): void {
    while (got > size && sent < size) {
      const written = socket.write(piece.subarray(0, Math.min(piece.length, size - sent)))
      if (written <= 0) return
      sent += written
    }
  }
  closers.push(() => listener.stop(true))
  const script = join(folder, 'slow.ts')
  writeFileSync(
    script,
    `${CALLER.split('const said')[0]}
const response = await call(process.argv[2], { send, body: 'ü'.repeat(${size / 2}) + 'END' })
console.log('head')
await new Promise(resolve => process.stdin.once('data', resolve))
console.log((await textOf(response)).length)
process.exit(0)
`,
  )
  const child = Bun.spawn([process.execPath, script, `https://localhost:${listener.port}/`], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const said = child.stdout.getReader()
  const next = async () => new TextDecoder().decode((await said.read()).value).trim()
  expect(await next()).toBe('head')
  for (let last = -1, quiet = 0; quiet < 20; quiet = sent === last ? quiet + 1 : 0) {
    last = sent
    await Bun.sleep(5)
  }
  expect(sent).toBeLessThan(size / 2)
  child.stdin.write('go')
  child.stdin.flush()
  expect(await next()).toBe(String(size))
  expect(sent).toBe(size)
})
