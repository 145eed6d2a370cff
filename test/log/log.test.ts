import { describe, expect, test } from 'bun:test'
import { createLogger, type FormatLine } from '../../src/log/logger.ts'
import { prettyFormat } from '../../src/log/pretty.ts'
import { createLineSink } from '../../src/log/sink.ts'

/** An output that takes a piece only when it is told to. */
class SlowOutput {
  readonly pieces: string[] = []
  #done: (() => void)[] = []

  write(text: string, done: () => void): boolean {
    this.pieces.push(text)
    this.#done.push(done)
    return false
  }

  take(): void {
    this.#done.shift()?.()
  }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

describe('the sink', () => {
  test('writes the lines of a turn in one piece', async () => {
    const output = new SlowOutput()
    const sink = createLineSink(output, setImmediate)
    sink.write('a\n')
    sink.write('b\n')
    expect(output.pieces).toEqual([])
    await turn()
    expect(output.pieces).toEqual(['a\nb\n'])
  })

  test('keeps lines in order while the output is slow, in one piece at a time', async () => {
    const output = new SlowOutput()
    const sink = createLineSink(output, setImmediate)
    sink.write('a\n')
    await turn()
    sink.write('b\n')
    await turn()
    sink.write('c\n')
    await turn()
    expect(output.pieces).toEqual(['a\n'])
    output.take()
    expect(output.pieces).toEqual(['a\n', 'b\nc\n'])
  })

  test('drops and counts what a stalled output leaves no room for, and says so', async () => {
    const output = new SlowOutput()
    const sink = createLineSink(output, setImmediate)
    const line = `${'x'.repeat(1023)}\n`
    sink.write('first\n')
    await turn()
    const started = performance.now()
    for (let count = 0; count < 10_000; count++) sink.write(line)
    expect(performance.now() - started).toBeLessThan(1000)
    output.take()
    const lines = (output.pieces[1] ?? '').trimEnd().split('\n')
    expect(lines).toHaveLength(4096 + 1)
    expect(JSON.parse(lines.at(-1) as string)).toMatchObject({ level: 'warn', msg: '5904 log lines dropped: the output was too slow' })
    sink.write('later\n')
    output.take()
    expect(output.pieces[2]).toBe('later\n')
  })

  test('flush waits for everything', async () => {
    const output = new SlowOutput()
    const sink = createLineSink(output, setImmediate)
    let flushed = false
    sink.write('a\n')
    const flushing = sink.flush().then(() => {
      flushed = true
    })
    sink.write('b\n')
    await turn()
    expect([flushed, output.pieces.length]).toEqual([false, 1])
    output.take()
    await turn()
    expect(flushed).toBe(false)
    output.take()
    await flushing
    expect(output.pieces.join('')).toBe('a\nb\n')
  })

  test('an output that has gone is no reason to stop', async () => {
    let writes = 0
    const sink = createLineSink(
      {
        write() {
          writes++
          throw new Error('EPIPE')
        },
      },
      setImmediate,
    )
    sink.write('a\n')
    await turn()
    sink.write('b\n')
    await sink.flush()
    expect(writes).toBe(2)
  })
})

describe('the logger', () => {
  function logged(fields: object, format?: FormatLine): string {
    const lines: string[] = []
    const logger = createLogger({ write: line => void lines.push(line), flush: () => Promise.resolve() }, { level: 'info', format })
    logger.error(fields, 'failed')
    return lines.join('')
  }

  test('writes one JSON line an event, with level and time', () => {
    const text = logged({ request_id: 'req_1' })
    expect(text).toEndWith('}\n')
    expect(JSON.parse(text)).toEqual({
      level: 'error',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      request_id: 'req_1',
      msg: 'failed',
    })
  })

  test.each([false, true])('tells a cause by name, message and place, never its fields or addresses (pretty: %p)', async pretty => {
    const cause = Object.assign(
      new TypeError('cannot reach https://user:hunter2@host.example/?key=hunter2 now\nhttp://host.example/hunter2'),
      {
        path: 'https://host.example/?key=hunter2',
        headers: { authorization: 'Bearer hunter2' },
        code: 'hunter2',
      },
    )
    cause.stack = `TypeError: ${cause.message}\n    at send (wss://host.example/hunter2)`
    const text = logged({ cause }, pretty ? await prettyFormat() : undefined)
    expect(text).toContain('TypeError: cannot reach (address) now')
    expect(text).not.toContain('hunter2')
    expect(text).not.toContain('host.example')
    expect(text.trimEnd()).not.toContain('\n')
  })

  test('says a request in one line for people', async () => {
    const fields = {
      request_id: 'req_1',
      status: 200,
      route: '/v1/messages',
      model: 'claude-x',
      provider: 'OpenAI',
      upstream_model: 'gpt-4o',
    }
    const text = logged(
      { ...fields, latency_ms: 12, input_tokens: 5, cached_tokens: 2, output_tokens: 7, key: 'c\ni', attempts: 2 },
      await prettyFormat(),
    )
    expect(Bun.stripANSI(text)).toMatch(
      /^\[[\d:.]+\] ERROR: 200 \/v1\/messages claude-x → OpenAI gpt-4o, 12 ms, 5 in \(2 cached\) 7 out, 2 attempts, by c i {2}request_id=req_1\n$/,
    )
  })

  test('shows what was estimated beside what was reported', async () => {
    const fields = { request_id: 'req_1', status: 200, route: '/v1', estimated_input_tokens: 118 }
    const said = async (more: object) => Bun.stripANSI(logged({ ...fields, ...more }, await prettyFormat()))
    expect(await said({ input_tokens: 120, output_tokens: 7 })).toContain('200 /v1, ~118 in estimated, 120 in 7 out  request_id=req_1\n')
    expect(await said({ status: 400, error: 'too long', error_kind: 'context-too-long' })).toContain(
      '400 /v1, ~118 in estimated, context-too-long: too long  request_id',
    )
  })

  test('keeps a cause short, and takes any', () => {
    expect(JSON.parse(logged({ cause: 'x'.repeat(5000) })).cause).toHaveLength(300)
    expect(JSON.parse(logged({ cause: 'see https://host.example/?key=hunter2' })).cause).toBe('see (address)')
    expect(JSON.parse(logged({ cause: undefined })).cause).toBeUndefined()
    expect(JSON.parse(logged({ cause: null })).cause).toBe('null')
    expect(JSON.parse(logged({ cause: { headers: 'hunter2' } })).cause).toBe('[object Object]')
  })

  test('holds to its level, also when it is changed', () => {
    const lines: string[] = []
    const logger = createLogger({ write: line => void lines.push(line), flush: () => Promise.resolve() }, { level: 'warn' })
    logger.info({}, 'a')
    logger.setLevel('debug')
    logger.debug({}, 'b')
    expect(lines.map(line => JSON.parse(line).msg)).toEqual(['b'])
  })

  test('says whether anybody listens, and puts a line together as pino does', async () => {
    const lines: string[] = []
    const sink = { write: (line: string) => void lines.push(line), flush: () => Promise.resolve() }
    const logger = createLogger(sink, { level: 'info' })
    expect([logger.says('info'), logger.says('debug')]).toEqual([true, false])
    logger.info({ route: '/v1', status: 200 }, 'request')
    logger.line('"route":"/v1","status":200', 'request')
    const [own, written] = lines.map(line =>
      Object.entries(JSON.parse(line)).map(([name, value]) => (name === 'time' ? name : [name, value])),
    )
    expect(written).toEqual(own as never)
    expect(JSON.parse(lines[1] as string).time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    logger.setLevel('warn')
    expect(logger.says('info')).toBe(false)
    logger.setLevel('debug')
    expect([logger.says('info'), logger.says('debug')]).toEqual([true, true])
    createLogger(sink, { level: 'info', format: await prettyFormat() }).line('"route":"/v1","status":200', 'request')
    expect(Bun.stripANSI(lines[2] as string)).toMatch(/^\[[\d:.]+\] INFO: 200 \/v1\n$/)
  })
})
