import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Load {
  /** Requests a second. */
  rate: number
  /** Milliseconds. */
  p50: number
  p99: number
}

export interface Shot {
  url: string
  body: string
  headers: Record<string, string>
}

const milliseconds = (text: string): number => {
  const [, amount, unit] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? []
  return Number(amount) * ({ us: 0.001, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's'] ?? Number.NaN)
}

/** Loads one server with wrk. @throws where any answer was an error: a fast refusal is no throughput. */
export async function measure(folder: string, { url, body, headers }: Shot, connections: number, seconds: number): Promise<Load> {
  const script = join(folder, 'request.lua')
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`)
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = [==[${body}]==]\n${lines.join('\n')}\n`)
  const child = Bun.spawn(['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, url], {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const text = await new Response(child.stdout).text()
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(text) ?? /Socket errors: .*(?:connect|read|timeout) [1-9].*/.exec(text)
  if (bad) throw new Error(`${url}: ${bad[0]}`)
  const find = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? ''
  return {
    rate: Number(find(/Requests\/sec:\s+([\d.]+)/)),
    p50: milliseconds(find(/^\s+50%\s+(\S+)/m)),
    p99: milliseconds(find(/^\s+99%\s+(\S+)/m)),
  }
}
