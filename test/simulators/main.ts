import { parseArgs } from 'node:util'
import { startAnthropic } from './anthropic.ts'
import { startJetbrains } from './jetbrains.ts'
import { startOpenAi } from './openai.ts'
import { isMode } from './qwen/rules.ts'
import { startQwen } from './qwen.ts'

const USAGE =
  'usage: bun test/simulators/main.ts openai|anthropic [--port N] [--key K] [--lenient], or jetbrains [--port N] [--license ID]…, ' +
  'or qwen [--port N] [--user NAME]… [--mode normal|discontinued|broken-idp]'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string' },
    key: { type: 'string' },
    lenient: { type: 'boolean' },
    license: { type: 'string', multiple: true },
    user: { type: 'string', multiple: true },
    mode: { type: 'string', default: 'normal' },
  },
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
} else if (name === 'qwen') {
  if (!isMode(values.mode)) {
    console.error(USAGE)
    process.exit(2)
  }
  const simulator = startQwen({ port, rules: { mode: values.mode } })
  console.log(`qwen at ${simulator.url}, portal ${simulator.portalUrl}, plans by key ${simulator.compatibleUrl}`)
  for (const user of values.user ?? ['user']) console.log(JSON.stringify(simulator.credentials(simulator.user(user))))
  for (const plan of ['coding', 'token', 'standard'] as const) console.log(`${plan} key ${simulator.apiKey(plan).key}`)
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
