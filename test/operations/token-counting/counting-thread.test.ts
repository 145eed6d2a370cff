import { afterEach, describe, expect, test } from 'bun:test'
import { systemClock } from '../../../src/core/clock.ts'
import { textTokens } from '../../../src/operations/text-tokens.ts'
import { CountingThread, type CountingThreadOptions } from '../../../src/operations/token-counting/counting-thread.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { exactly, TEXTS } from './texts.ts'

const WORDS = 'The quick brown fox jumps over the lazy dog. '

const threads: CountingThread[] = []
afterEach(() => {
  for (const thread of threads.splice(0)) thread.stop()
})

const realWorker = () =>
  new Worker(new URL('../../../src/operations/token-counting/counting-worker.ts', import.meta.url).href, { smol: true })
const madeUp = (answer: string) => () =>
  new Worker(URL.createObjectURL(new Blob([`self.onmessage = ({ data }) => { ${answer} }`], { type: 'application/javascript' })))

/** Says of every text that it has a thousand tokens. */
const QUICK = madeUp('postMessage({ counts: data.texts.map(() => 1000) })')
const DIES = madeUp('process.exit(1)')
const THROWS = madeUp("throw new Error('a fault')")
const HANGS = madeUp('')
const UNLOADABLE = () => new Worker('file:///nowhere/at/all.ts')
const REFUSED = () => {
  throw new Error('no more threads')
}

function setUp(startAs: (() => Worker)[] = [realWorker], options: Partial<CountingThreadOptions> = {}) {
  const clock = new FakeClock()
  const warnings: object[] = []
  let started = 0
  const startWorker = () => (startAs[Math.min(started++, startAs.length - 1)] ?? realWorker)()
  const log = { warn: (details: object) => void warnings.push(details) }
  const thread = new CountingThread({ clock, log, startWorker, ...options })
  threads.push(thread)
  /** The count of a text, waited for as long as it takes. */
  const count = (text: string, model = 'gpt-5') => {
    const opened = thread.open(model)
    opened.add(text)
    return opened.settled()
  }
  return { clock, thread, warnings, count, started: () => started }
}

describe('a thread that counts', () => {
  test('is exact, in the vocabulary of the model', async () => {
    const { count, started, thread } = setUp()
    expect(thread.running).toBe(false)
    const texts = Object.values(TEXTS)
    expect(await Promise.all(texts.map(text => count(text)))).toEqual(texts.map(exactly.o200k_base))
    expect(await Promise.all(texts.map(text => count(text, 'gpt-4')))).toEqual(texts.map(exactly.cl100k_base))
    const long = texts.join(' ').repeat(500)
    expect(await count(long)).toBe(exactly.o200k_base(long))
    expect(started()).toBe(1)
  })

  test('gets what is added in one go in one message', async () => {
    const messages: { texts: object[] }[] = []
    const noting = () => {
      const worker = QUICK()
      const post = worker.postMessage.bind(worker)
      return Object.assign(worker, {
        postMessage(message: { texts: object[] }) {
          messages.push(message)
          post(message)
        },
      })
    }
    const { thread } = setUp([noting])
    const count = thread.open('')
    for (let text = 0; text < 50; text++) {
      count.add(WORDS)
      count.cut()
    }
    expect(messages).toEqual([])
    expect(await count.settled()).toBe(50_000)
    expect(messages.map(({ texts }) => texts.length)).toEqual([50])
  })

  test('is ended after minutes without work, and started again for the next', async () => {
    const { clock, thread, count, started } = setUp([QUICK])
    expect(await count(WORDS)).toBe(1000)
    clock.advance(299_999)
    expect(thread.running).toBe(true)
    expect(await count(WORDS)).toBe(1000)
    clock.advance(299_999)
    expect(thread.running).toBe(true)
    clock.advance(1)
    expect(thread.running).toBe(false)
    expect(clock.waiting).toBe(0)
    expect(await count(WORDS)).toBe(1000)
    expect(started()).toBe(2)
  })

  test('has no more to do than its bounds allow', async () => {
    const { thread, count } = setUp([QUICK], { capacity: 100 })
    const first = thread.open('')
    first.add(WORDS.repeat(2))
    const within = first.settled()
    const beyond = await count(WORDS)
    expect(beyond).toBe(textTokens(WORDS))
    expect(await within).toBe(1000)
    expect(await count(WORDS)).toBe(1000)
  })

  test('is given nothing that is not wanted any more', async () => {
    const { thread, count } = setUp([QUICK], { capacity: 100 })
    const unwanted = thread.open('')
    unwanted.add(WORDS.repeat(2))
    unwanted.cut()
    unwanted.close()
    expect(await count(WORDS)).toBe(1000)
  })

  test('is not waited for longer than a quarter of a second', async () => {
    const { clock, count } = setUp([HANGS])
    const settled = count(WORDS)
    clock.advance(250)
    expect(await settled).toBe(textTokens(WORDS))
  })

  test('does not keep a process alive', async () => {
    const source = `
      import { CountingThread } from ${JSON.stringify(new URL('../../../src/operations/token-counting/counting-thread.ts', import.meta.url).href)}
      const clock = { now: () => 0, elapsed: () => 0, after: () => () => {}, every: () => () => {}, sleep: async () => {} }
      new CountingThread({ clock, log: console }).open('').add('word '.repeat(100))
    `
    const child = Bun.spawn([process.execPath, '-e', source], { stdout: 'ignore', stderr: 'pipe' })
    expect(await child.exited).toBe(0)
    expect(await new Response(child.stderr).text()).toBe('')
  })
})

describe('a thread that dies', () => {
  test.each([
    ['it ends', DIES],
    ['of a fault', THROWS],
    ['it cannot be loaded', UNLOADABLE],
    ['there can be none', REFUSED],
  ])('because %s: estimates stand, and another is started after a second', async (_, start) => {
    const { clock, warnings, count, started } = setUp([start, QUICK])
    expect(await count(WORDS)).toBe(textTokens(WORDS))
    expect(warnings).toHaveLength(1)
    clock.advance(999)
    expect(await count(WORDS)).toBe(textTokens(WORDS))
    expect(started()).toBe(1)
    clock.advance(1)
    expect(await count(WORDS)).toBe(1000)
  })

  test('again and again is started less and less often', async () => {
    const { clock, count, started, warnings } = setUp([REFUSED])
    const starts: number[] = []
    for (let second = 0; second <= 130; second++) {
      const before = started()
      await count(WORDS)
      if (started() > before) starts.push(second)
      clock.advance(1000)
    }
    expect(starts).toEqual([0, 1, 3, 7, 15, 31, 63, 123])
    expect(warnings).toHaveLength(8)
  })

  test('by hanging is ended', async () => {
    const { clock, thread, warnings, count } = setUp([HANGS, QUICK], { patienceMs: 60_000 })
    const settled = count(WORDS)
    await Promise.resolve()
    clock.advance(15_000)
    expect(await settled).toBe(textTokens(WORDS))
    expect(thread.running).toBe(false)
    expect(warnings).toEqual([{ reason: 'it did not answer' }])
    clock.advance(1000)
    expect(await count(WORDS)).toBe(1000)
  })
})

test('a thread that was stopped counts by rules from then on', async () => {
  const { clock, thread, count } = setUp([HANGS])
  const settled = count(WORDS)
  await Promise.resolve()
  thread.stop()
  expect(await settled).toBe(textTokens(WORDS))
  expect(await count(WORDS)).toBe(textTokens(WORDS))
  expect(clock.waiting).toBe(0)
})

test('the thread is found where the sources are', async () => {
  const thread = new CountingThread({ clock: systemClock, log: console, patienceMs: 20_000 })
  threads.push(thread)
  const count = thread.open('')
  count.add(TEXTS.English ?? '')
  expect(await count.settled()).toBe(exactly.o200k_base(TEXTS.English ?? ''))
})
