import { constants, setPriority } from 'node:os'
import type { FromCounter, ToCounter } from './counting-thread.ts'
import { countTokens } from './vocabulary.ts'

/* The thread that counts tokens: each message is answered, in order. */

// Of this thread alone, where the system knows such a thing: whoever waits for an answer comes first.
try {
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL)
} catch {
  // A container may forbid it; then it is as important as the rest.
}

self.addEventListener('message', (event: MessageEvent<ToCounter>) => {
  postMessage({ counts: event.data.texts.map(({ encoding, text }) => countTokens(encoding, text)) } satisfies FromCounter)
})
