import type { GatewayError } from '../../core/errors.ts'
import type { CutText } from './cut-text.ts'
import { headerLines, maskKept, maskText, maskUrl, secretsIn } from './masks.ts'
import type { RequestTrace, TracedCall } from './request-trace.ts'

/** How much of a trace of calls within our own code is shown. */
const STACK_LINES = 10

/** A trace as people read it: headings, headers and bodies as they went over the wire, all secrets masked. */
export const reportOf = (trace: RequestTrace): string => new Report(trace).text()

class Report {
  readonly #secrets: readonly string[]

  constructor(private readonly trace: RequestTrace) {
    const ofCalls = trace.calls.flatMap(({ secrets, headers, answer }) => [
      ...secrets,
      ...secretsIn(Object.entries(headers)),
      ...secretsIn(answer?.headers ?? []),
    ])
    this.#secrets = [...new Set([...secretsIn(trace.asked.headers), ...ofCalls])]
  }

  text(): string {
    const { asked, answer, error, calls, moreCalls, body } = this.trace
    const iso = (ms: number) => new Date(ms).toISOString()
    const sections = [
      `request ${asked.requestId} of the key '${asked.key}'
came ${iso(this.trace.startedAt)}, over ${iso(this.trace.endedAt)}
Secrets are masked: at most their last four characters are shown.`,
      this.#section('client request', [`${asked.method} ${maskUrl(asked.url)}`, ...headerLines(asked.headers)], body),
      ...calls.flatMap((call, index) => this.#call(call, index + 1)),
    ]
    if (moreCalls > 0) sections.push(heading(`${moreCalls} more upstream calls are left out`))
    if (answer) {
      const title = `answer to the client: ${answer.status}, after ${answer.at} ms`
      sections.push(this.#section(title, headerLines(Object.entries(answer.headers)), answer.body))
    }
    if (error) sections.push(this.#masked(`${heading('error')}\n${errorText(error)}`))
    return `${sections.join('\n\n')}\n`
  }

  #call(call: TracedCall, number: number): string[] {
    const { answer, failure } = call
    const via = `${call.provider}, account '${call.account}', model '${call.model}', after ${call.at} ms`
    const headers = [`${call.method} ${maskUrl(call.url)}`, ...headerLines(Object.entries(call.headers))]
    const request = this.#section(`upstream request ${number}: ${via}`, headers, call.body)
    const broken = failure ? `\n[${this.#masked(failure.message)}]` : ''
    if (!answer) return [request, heading(`upstream answer ${number}: none`) + broken]
    const title = `upstream answer ${number}: ${answer.status}, after ${answer.at} ms`
    return [request, this.#section(title, headerLines(answer.headers), answer.body) + broken]
  }

  #section(title: string, headers: readonly string[], body: CutText | undefined): string {
    return `${this.#masked([heading(title), ...headers].join('\n'))}\n\n${this.#body(body)}`
  }

  #body(body: CutText | undefined): string {
    if (!body) return '[the body was not read, or refused before it was whole]'
    const { head, tail, cut } = maskKept(body.text(), this.#secrets)
    if (cut === 0) return head === '' ? '[no body]' : head
    return `${head}\n\n[${cut} bytes are cut here, to keep this file short]\n\n${tail}`
  }

  #masked(text: string): string {
    return maskText(text, this.#secrets)
  }
}

const heading = (text: string): string => `===== ${text} =====`

function errorText(error: GatewayError): string {
  const lines = [`${error.kind}: ${error.message}`]
  for (const name of ['param', 'code', 'retryAfterMs', 'upstream', 'candidates'] as const) {
    if (error[name] !== undefined) lines.push(`${name}: ${JSON.stringify(error[name])}`)
  }
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    const [, ...stack] = cause.stack?.split('\n') ?? []
    lines.push(`because of ${cause.name}: ${cause.message}`, ...stack.slice(0, STACK_LINES))
  }
  return lines.join('\n')
}
