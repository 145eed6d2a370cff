import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpuMicros } from './process-usage.ts'

export interface Load {
  /** Requests a second. */
  rate: number
  /** Processor time of the measured process for one request, in microseconds. Says more than the rate where others use the machine. */
  cpu: number
}

export interface Shot {
  url: string
  body: string
  headers: Record<string, string>
  /** The process that is measured. */
  pid: number
}

/** Loads one server with wrk. @throws where any answer was an error: a fast refusal is no throughput. */
export async function load(folder: string, { url, body, headers, pid }: Shot, connections: number, seconds: number): Promise<Load> {
  const script = join(folder, 'request.lua')
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`)
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = [==[${body}]==]\n${lines.join('\n')}\n`)
  const before = cpuMicros(pid)
  const child = Bun.spawn(['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url], { stdout: 'pipe', stderr: 'inherit' })
  const text = await new Response(child.stdout).text()
  const spent = cpuMicros(pid) - before
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(text) ?? /Socket errors: .*(?:connect|read|timeout) [1-9].*/.exec(text)
  if (bad) throw new Error(`${url}: ${bad[0]}`)
  const requests = Number(/(\d+) requests in/.exec(text)?.[1])
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]), cpu: spent / requests }
}
