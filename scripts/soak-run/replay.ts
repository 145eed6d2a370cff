import { readFileSync } from 'node:fs'
import { Client } from './client.ts'
import type { SoakedGateway } from './gateway.ts'
import { judge } from './judge.ts'
import type { SoakRequest } from './requests.ts'

/** An input that failed, as it is written down. */
export type Failure = Omit<SoakRequest, 'bytes'> & { problem: string; request: string; answer: string }

/** Sends saved inputs once more, one after another, and prints what comes back. @returns whether all of them are legal now. */
export async function replay(path: string, gateway: SoakedGateway): Promise<boolean> {
  let legal = true
  for (const line of readFileSync(path, 'utf8').split('\n').filter(Boolean)) {
    const { problem, request, ...rest } = JSON.parse(line) as Failure
    const bytes = Buffer.from(request, 'base64')
    const client = await Client.connect(gateway.url)
    const outcome = await client.request(bytes, { silenceMs: 10_000, leave: rest.leave })
    client.close()
    const wrong = outcome.answer ? judge({ ...rest, bytes }, outcome.answer) : outcome.ended === 'left' ? [] : [outcome.ended]
    if (wrong.length > 0) legal = false
    console.log(`── ${rest.index}: ${problem}\n${bytes.toString().slice(0, 4000)}\n→ ${wrong.join('; ') || 'legal now'}`)
    if (outcome.answer)
      console.log(`${outcome.answer.status} ${JSON.stringify(outcome.answer.headers)}\n${outcome.answer.body.toString().slice(0, 4000)}`)
  }
  return legal
}
