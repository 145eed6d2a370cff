import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatRequest, messagesRequest } from './bodies.ts'
import { CLIENT_KEY, startGateway } from './gateway.ts'
import { type Load, measure, type Shot } from './load.ts'
import { startNginx } from './nginx.ts'

const EVENTS = 200
const CONNECTIONS = 32
const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`)
  return at === -1 ? otherwise : Number(process.argv[at + 1])
}
const rounds = option('rounds', 3)
const seconds = option('seconds', 4)

if (process.argv.includes('--help')) {
  process.stdout.write('usage: scripts/bench [--rounds 3] [--seconds 4]\nNeeds nginx and wrk (Debian: apt-get install nginx-light wrk).\n')
  process.exit(0)
}
for (const tool of ['nginx', 'wrk']) {
  if (Bun.which(tool)) continue
  process.stderr.write(`bench: ${tool} is not installed (Debian: apt-get install nginx-light wrk)\n`)
  process.exit(1)
}

const binary = join(import.meta.dir, '..', '..', 'dist', 'dragoman')
if (!existsSync(binary)) throw new Error(`${binary} is missing: run scripts/build`)
const folder = mkdtempSync(join(tmpdir(), 'dragoman-bench-'))
const nginx = await startNginx(folder, EVENTS)
const gateway = await startGateway(binary, folder, nginx.upstream)

const json = { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}` }
const named = (body: string, model: string): string => body.replace('"bench"', `"${model}"`)
const shot = (url: string, body: string): Shot => ({ url, body, headers: json })
const cases = {
  'nginx, whole': shot(`${nginx.proxy}/json/v1/chat/completions`, named(chatRequest(false), 'whole')),
  'dragoman, whole, passed through': shot(`${gateway.url}/v1/chat/completions`, named(chatRequest(false), 'whole')),
  'nginx, streamed': shot(`${nginx.proxy}/sse/v1/chat/completions`, named(chatRequest(true), 'streamed')),
  'dragoman, streamed, passed through': shot(`${gateway.url}/v1/chat/completions`, named(chatRequest(true), 'streamed')),
  'dragoman, streamed, translated': shot(`${gateway.url}/v1/messages`, named(messagesRequest, 'streamed')),
}

type Case = keyof typeof cases
const best = new Map<Case, Load>()
const alone = new Map<string, Load>()

/** Resident memory in MB, as Linux counts it. */
function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kb ?? 0) / 1024)
}

try {
  for (const one of Object.values(cases)) await measure(folder, one, CONNECTIONS, 1)
  // Rounds take turns, so that a slow moment of the machine meets everybody.
  for (let round = 0; round < rounds; round++) {
    for (const [name, one] of Object.entries(cases) as [Case, Shot][]) {
      const load = await measure(folder, one, CONNECTIONS, seconds)
      if (load.rate > (best.get(name)?.rate ?? 0)) best.set(name, load)
    }
  }
  const latency = {
    direct: { ...cases['nginx, whole'], url: `${nginx.upstream}/json/v1/chat/completions` },
    'through dragoman': cases['dragoman, whole, passed through'],
  }
  for (const [name, one] of Object.entries(latency)) alone.set(name, await measure(folder, one, 1, seconds))
  report()
} finally {
  await gateway.stop()
  await nginx.stop()
  rmSync(folder, { recursive: true, force: true })
}

function report(): void {
  const rate = (name: Case): number => best.get(name)?.rate ?? Number.NaN
  const row = (name: Case, over: Case): string =>
    `| ${name} | ${Math.round(rate(name))} | ${name === over ? '1' : (rate(name) / rate(over)).toFixed(2)} |`
  const direct = alone.get('direct')
  const through = alone.get('through dragoman')
  const added = (part: 'p50' | 'p99'): string => ((through?.[part] ?? Number.NaN) - (direct?.[part] ?? Number.NaN)).toFixed(2)
  process.stdout.write(
    [
      '',
      `${CONNECTIONS} connections, ${EVENTS} events a stream, best of ${rounds} rounds of ${seconds} s, ${navigator.hardwareConcurrency} cores shared by all.`,
      '',
      '| | requests/s | × nginx |',
      '| --- | ---: | ---: |',
      row('nginx, whole', 'nginx, whole'),
      row('dragoman, whole, passed through', 'nginx, whole'),
      row('nginx, streamed', 'nginx, streamed'),
      row('dragoman, streamed, passed through', 'nginx, streamed'),
      row('dragoman, streamed, translated', 'nginx, streamed'),
      '',
      `Added latency, 1 connection: p50 ${added('p50')} ms, p99 ${added('p99')} ms. Resident memory afterwards: ${residentMb(gateway.pid)} MB.`,
      '',
    ].join('\n'),
  )
}
