import { parseArgs } from 'node:util'
import type { Measure } from './figures.ts'

export interface Options {
  rounds: number
  seconds: number
  measures: Measure[]
  json: boolean
  write: string | undefined
  binary: string | undefined
  /** What to type to get the same again. */
  command: string
}

const usage = (measures: readonly Measure[]): string =>
  [
    'usage: scripts/bench [--rounds 3] [--seconds 4] [--only NAME[,NAME]] [--json] [--write FILE] [--binary FILE]',
    '',
    'Compares the compiled binary (built first, unless --binary names one) with nginx and others in one run on this machine.',
    'Needs nginx and wrk (Debian: apt-get install nginx-light wrk); processor time and memory are told on Linux only.',
    '',
    '  --only    these of the measures below',
    '  --json    the figures as JSON on stdout instead of the table',
    '  --write   puts the table between <!-- bench:start --> and <!-- bench:end --> of FILE as well',
    '',
    ...measures.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`),
    '',
  ].join('\n')

/** @throws with what is wrong. Undefined after `--help`, which is answered here. */
export function readOptions(args: string[], all: readonly Measure[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      write: { type: 'string' },
      binary: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage(all))
    return undefined
  }
  const positive = (name: 'rounds' | 'seconds'): number => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1`)
    return value
  }
  const measures = (values.only?.split(',') ?? all.map(({ name }) => name)).map(name => {
    const found = all.find(measure => measure.name === name)
    if (!found) throw new Error(`--only: there is no ${JSON.stringify(name)}, there are ${all.map(each => each.name).join(', ')}`)
    return found
  })
  const [rounds, seconds] = [positive('rounds'), positive('seconds')]
  const only = values.only === undefined ? '' : ` --only ${values.only}`
  return {
    rounds,
    seconds,
    measures,
    json: values.json,
    write: values.write,
    binary: values.binary,
    command: `./scripts/bench --rounds ${rounds} --seconds ${seconds}${only}`,
  }
}
