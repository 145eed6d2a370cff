import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export interface Options {
  requests: number
  disconnects: number
  seed: number
  clients: number
  /** Where failing inputs are written. */
  failures: string
  binary: string | undefined
  replay: string | undefined
  keep: boolean
}

const USAGE = `usage: scripts/soak [--requests 100000] [--disconnects 10000] [--seed N] [--clients 48] [--failures FILE] [--binary FILE] [--keep]
       scripts/soak --replay FILE

Sends fuzzed requests of both dialects to the compiled binary (built first, unless --binary names one; a .ts file is run from source), in front of
simulated upstreams that misbehave, while other clients leave at random moments. Holds all along: the same process, legal answers or errors of the
dialect with a request id, no 500, no secret, no stack trace; at the end: no stream open, memory and descriptors where they were after the warm-up.

  --seed       the same seed sends the same requests
  --failures   the inputs that failed, a JSON object a line
  --replay     sends the inputs of such a file once more and prints what comes back
  --keep       leaves the working folder with the log and the data
`

const text = { type: 'string' } as const
const flag = { type: 'boolean', default: false } as const

/** @throws with what is wrong. Undefined after `--help`, which is answered here. */
export function readOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      requests: text,
      disconnects: text,
      seed: text,
      clients: text,
      failures: text,
      binary: text,
      replay: text,
      keep: flag,
      help: flag,
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return undefined
  }
  const count = (name: 'requests' | 'disconnects' | 'seed' | 'clients', otherwise: number, least: number): number => {
    const value = Number(values[name] ?? otherwise)
    if (!Number.isInteger(value) || value < least) throw new Error(`--${name} takes a whole number from ${least}`)
    return value
  }
  const seed = count('seed', Date.now() % 1_000_000, 0)
  return {
    requests: count('requests', 100_000, 1),
    disconnects: count('disconnects', 10_000, 0),
    seed,
    clients: count('clients', 48, 1),
    failures: values.failures ?? join(tmpdir(), `dragoman-soak-${seed}.jsonl`),
    binary: values.binary,
    replay: values.replay,
    keep: values.keep,
  }
}
