import { afterAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { checkChatStream } from '../checkers/chat.ts'
import type { Answer } from './answer.ts'
import { startOpenAi } from './openai.ts'

const sim = startOpenAi()
afterAll(() => sim.close())

const BODY = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'one two' }], stream: true })

async function ask(answer: Answer, signal?: AbortSignal): Promise<Response> {
  sim.script(answer)
  const headers = { authorization: `Bearer ${sim.key}`, 'content-type': 'application/json' }
  return fetch(`${sim.url}/chat/completions`, { method: 'POST', headers, body: BODY, signal })
}

/** What a bare socket sees of an answer: the bytes, and whether the end was a FIN or a reset. */
async function bare(answer: Answer): Promise<{ text: string; end: string }> {
  sim.script(answer)
  const { port } = new URL(sim.url)
  return new Promise(resolve => {
    let text = ''
    let end = 'none'
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('data', chunk => {
      text += chunk.toString()
    })
    socket.on('end', () => {
      end = 'fin'
    })
    socket.on('error', error => {
      end = 'code' in error ? String(error.code) : error.message
    })
    socket.on('close', () => resolve({ text, end }))
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${sim.key}\r\ncontent-type: application/json\r\n`
    socket.write(`${head}content-length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`)
  })
}

const frames = (text: string): number => text.split('data: ').length - 1

describe('faults', () => {
  test('cutAfter ends the body early and cleanly', async () => {
    const text = await (await ask({ cutAfter: 2 })).text()
    expect(frames(text)).toBe(2)
    expect(text).not.toContain('[DONE]')
    expect((await bare({ cutAfter: 2 })).end).toBe('fin')
  })

  test('cutBody leaves the chunked body without its end', async () => {
    const { text, end } = await bare({ cutAfter: 1, cutBody: true })
    expect([frames(text), end, text.endsWith('0\r\n\r\n')]).toEqual([1, 'fin', false])
  })

  test('resetAfter resets the connection behind its frames', async () => {
    const { text, end } = await bare({ resetAfter: 2 })
    expect([frames(text), end]).toEqual([2, 'ECONNRESET'])
  })

  test('a body that is no stream breaks off in its middle', async () => {
    const body = { object: 'chat.completion' }
    const cut = await (await ask({ body, cutAfter: 1 })).text()
    expect([cut.length > 5, JSON.stringify(body).startsWith(cut), cut === JSON.stringify(body)]).toEqual([true, true, false])
    expect((await bare({ body, resetAfter: 1 })).end).toBe('ECONNRESET')
  })

  test('closeBeforeHeaders and garbage', async () => {
    expect(await bare({ closeBeforeHeaders: true })).toEqual({ text: '', end: 'fin' })
    expect((await bare({ garbage: 'SSH-2.0-x\r\n' })).text).toBe('SSH-2.0-x\r\n')
    await expect(ask({ garbage: true })).rejects.toThrow()
  })

  test('stallAfter holds until the client leaves, which is recorded', async () => {
    const seen = sim.requests.length
    const abort = new AbortController()
    const response = await ask({ stallAfter: 1 }, abort.signal)
    const reader = response.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('assistant')
    const request = sim.requests[seen]
    expect(request).toMatchObject({ aborted: false, framesSent: 1 })
    abort.abort()
    await request?.closed
    expect(request?.aborted).toBe(true)
  })

  test('hangConnection answers nothing until the client leaves', async () => {
    const seen = sim.requests.length
    const abort = new AbortController()
    const answer = ask({ hangConnection: true }, abort.signal)
    const request = (await sim.received(seen + 1))[seen]
    abort.abort()
    await expect(answer).rejects.toThrow()
    await request?.closed
    expect(request?.aborted).toBe(true)
  })

  test('closing the simulator frees those who wait', async () => {
    const other = startOpenAi()
    other.script({ hangConnection: true })
    const headers = { authorization: `Bearer ${other.key}`, 'content-type': 'application/json' }
    const answer = fetch(`${other.url}/chat/completions`, { method: 'POST', headers, body: BODY })
    const failed = answer.then(
      () => false,
      () => true,
    )
    await other.received(1)
    await other.close()
    expect(await failed).toBe(true)
  })

  test('chunkBytes and lineEnding change the bytes and not the meaning', async () => {
    const plain = checkChatStream(await (await ask({})).text(), { includeUsage: false })
    for (const lineEnding of ['\r\n', '\r'] as const) {
      const text = await (await ask({ chunkBytes: 7, lineEnding })).text()
      expect(text).toContain(`${lineEnding}${lineEnding}`)
      expect(checkChatStream(text, { includeUsage: false }).text).toBe(plain.text)
    }
  })

  test('chunkBytes cuts through characters', async () => {
    const text = await (await ask({ text: 'čšž €', chunkBytes: 1 })).text()
    expect(checkChatStream(text, { includeUsage: false }).text).toBe('čšž €')
  })

  test('omitEnd, afterEnd and contentType', async () => {
    expect(await (await ask({ omitEnd: true })).text()).not.toContain('[DONE]')
    expect(await (await ask({ afterEnd: 'data: {"late":1}\n\n' })).text()).toEndWith('data: [DONE]\n\ndata: {"late":1}\n\n')
    expect((await ask({ contentType: 'text/html' })).headers.get('content-type')).toBe('text/html')
  })

  test('an HTML page instead of an error', async () => {
    const response = await ask({ status: 502, body: '<html>Bad Gateway</html>', contentType: 'text/html' })
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      502,
      'text/html',
      '<html>Bad Gateway</html>',
    ])
  })

  test('delays come before the headers and between frames', async () => {
    const began = performance.now()
    const response = await ask({ delayHeadersMs: 20, delayBetweenMs: 4 })
    const headersAt = performance.now() - began
    const sent = frames(await response.text())
    expect(headersAt).toBeGreaterThan(15)
    expect(performance.now() - began).toBeGreaterThan(headersAt + (sent - 1) * 2)
  })
})
