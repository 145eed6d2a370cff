import { parseArgs } from 'node:util'
import { startAnthropic } from './anthropic.ts'
import { startOpenAi } from './openai.ts'

const USAGE = 'usage: bun test/simulators/main.ts openai|anthropic [--port N] [--key K] [--lenient]'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string' }, key: { type: 'string' }, lenient: { type: 'boolean' } },
})
const start = { openai: startOpenAi, anthropic: startAnthropic }[positionals[0] ?? '']
if (!start) {
  console.error(USAGE)
  process.exit(2)
}
const options = { port: Number(values.port ?? 0), lenient: values.lenient ?? false }
const simulator = start(values.key === undefined ? options : { ...options, keys: [values.key] })
console.log(`${positionals[0]} at ${simulator.url}, key ${simulator.key}`)
