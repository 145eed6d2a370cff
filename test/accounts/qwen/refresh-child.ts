import { createJsonCall } from '../../../src/accounts/json-call.ts'
import { CredentialsFile } from '../../../src/accounts/qwen/credentials-file.ts'
import { qwenOAuth } from '../../../src/accounts/qwen/oauth.ts'
import { QwenToken } from '../../../src/accounts/qwen/qwen-token.ts'
import { createQwenRefresh } from '../../../src/accounts/qwen/refresh.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { createSend } from '../../../src/upstream/client.ts'

/** A process that has its token refused time and again, and writes each new one to its output: `refresh-child.ts <file> <oauth url> <times>`. */
const [path = '', oauthUrl = '', times = ''] = process.argv.slice(2)

const clock = systemClock
const call = createJsonCall({ send: createSend(clock), clock, limits: { connect: 5000, firstByte: 8000, idle: 8000 } })
const file = new CredentialsFile(path, clock)
const tell = (...words: unknown[]) => console.error(...words)
const source = new QwenToken({
  id: 'acc',
  credential: await file.load(),
  refresh: createQwenRefresh(call, qwenOAuth({ oauth_url: oauthUrl })),
  clock,
  ports: file,
  events: { renewalFailed: tell, storeFailed: tell, skewed: tell },
})

let token = await source.current()
for (let round = 0; round < Number(times); round++) {
  const next = await source.replace(token)
  if (next === undefined) throw new Error('there was no other token')
  token = next
  console.log(token)
}
process.exit(0)
