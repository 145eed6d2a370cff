import { parseArgs } from 'node:util'
import { startAnthropic } from './anthropic.ts'
import { startJetbrains } from './jetbrains.ts'
import { startOpenAi } from './openai.ts'

const USAGE =
  'usage: bun test/simulators/main.ts openai|anthropic [--port N] [--key K] [--lenient], or jetbrains [--port N] [--license ID]…'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string' }, key: { type: 'string' }, lenient: { type: 'boolean' }, license: { type: 'string', multiple: true } },
})
const port = Number(values.port ?? 0)
const [name] = positionals

if (name === 'jetbrains') {
  const simulator = startJetbrains({ port })
  console.log(`jetbrains at ${simulator.url}, sign-in page ${simulator.loginUrl}`)
  for (const licenseId of values.license ?? ['LIC1']) {
    const account = simulator.account({ licenseId })
    const entry = { licenseId, authorization: account.authorization(), jwt: account.jwt(), refresh_token: account.refreshToken }
    console.log(JSON.stringify(entry))
  }
} else {
  const start = { openai: startOpenAi, anthropic: startAnthropic }[name ?? '']
  if (!start) {
    console.error(USAGE)
    process.exit(2)
  }
  const options = { port, lenient: values.lenient ?? false }
  const simulator = start(values.key === undefined ? options : { ...options, keys: [values.key] })
  console.log(`${name} at ${simulator.url}, key ${simulator.key}`)
}
