import { isObject, type Json, objectsOf, parseOrUndefined } from '../../checkers/json.ts'
import type { Answer, Route } from '../answer.ts'
import type { Payload } from '../delivery.ts'
import { OpenAiService } from '../openai/service.ts'
import { Refusal } from '../refusal.ts'
import { DEFAULT_KEY, type RecordedRequest, type Service, type Simulator, type SimulatorOptions, startService } from '../simulator.ts'
import { type Flavour, withoutOpenAisOwn } from './answers.ts'
import type { Vendor } from './vendor.ts'
import { problemOf, SIMULATED } from './vendors.ts'

/** An upstream as strict as the vendor of this provider type, with the vendor's way to answer. */
export const startVendor = (name: string, options: SimulatorOptions = {}): Simulator => {
  const vendor = SIMULATED[name]
  if (!vendor) throw new Error(`there is no simulated vendor ${name}`)
  return startService(new VendorService(name, vendor, options), options)
}

const DEPLOYMENT = /^\/openai\/deployments\/([^/]+)\/chat\/completions$/

/** OpenAI's simulator behind the vendor's rules; what it says is put into the vendor's form. */
class VendorService implements Service {
  readonly basePath: string
  readonly #inner: OpenAiService

  constructor(
    private readonly name: string,
    private readonly vendor: Vendor,
    options: SimulatorOptions,
  ) {
    this.#inner = new OpenAiService({ ...options, lenient: true, models: [vendor.model] })
    this.basePath = name === 'azure' ? '' : '/v1'
  }

  keyOf(headers: Record<string, string>): string | undefined {
    return this.name === 'azure' ? headers['api-key'] : this.#inner.keyOf(headers)
  }

  routeOf(request: RecordedRequest): Route {
    if (this.name !== 'azure') return this.#inner.routeOf(request)
    const deployment = DEPLOYMENT.exec(request.path)?.[1]
    if (deployment === undefined || !/^\d{4}-\d\d-\d\d(-preview)?$/.test(request.query['api-version'] ?? ''))
      this.#refuse(404, 'Resource not found')
    if (deployment !== this.vendor.model) this.#refuse(404, 'The API deployment for this resource does not exist.', 'DeploymentNotFound')
    return 'generate'
  }

  check(route: Route, request: RecordedRequest): void {
    if (this.name !== 'azure') this.#inner.check(route, request)
    else if (request.key !== DEFAULT_KEY) this.#refuse(401, 'Access denied due to invalid subscription key.', '401')
    const problem = request.body && problemOf(this.vendor, request.body)
    if (!problem) return
    const { status, body } = this.vendor.refusal(problem)
    throw new Refusal(status, body, problem.message)
  }

  payload(route: Route, request: RecordedRequest, answer: Answer): Payload {
    const said = request.body ?? {}
    // The plain service answers in OpenAI's terms: it is asked for what the vendor would have understood.
    const body: Json = {
      ...said,
      ...(said.stream === true && { stream_options: { include_usage: true, include_obfuscation: false } }),
      ...(said.tool_choice === 'any' && { tool_choice: 'required' }),
      reasoning_effort: this.vendor.reasons(said) ? 'high' : 'none',
    }
    const plain = this.#inner.payload(route, { ...request, path: '/v1/chat/completions', body }, answer)
    const flavour = this.#flavour()
    if ('body' in plain) {
      const whole = parseOrUndefined(plain.body)
      return isObject(whole) ? { ...plain, body: JSON.stringify(flavour.body(whole)) } : plain
    }
    const chunks = objectsOf(plain.frames.map(frame => parseOrUndefined(frame.replace(/^data: /, '').trim())))
    return { ...plain, frames: flavour.chunks(chunks).map(chunk => `data: ${JSON.stringify(chunk)}\n\n`) }
  }

  #flavour(): Flavour {
    const own = this.vendor.answer
    if (this.name === 'azure') return own ?? withoutOpenAisOwn
    const { chunks, body } = withoutOpenAisOwn
    return { chunks: given => own?.chunks(chunks(given)) ?? chunks(given), body: given => own?.body(body(given)) ?? body(given) }
  }

  errorBody(status: number, message: string): Json {
    return this.vendor.refusal({ path: [], message, status }).body
  }

  headers(): Record<string, string> {
    return this.#inner.headers()
  }

  #refuse(status: number, message: string, code: string | null = null): never {
    throw new Refusal(status, { error: { code, message } }, message)
  }
}
