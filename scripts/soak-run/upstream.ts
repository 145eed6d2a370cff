import { isObject, type Json, objectsOf } from '../../test/checkers/json.ts'
import type { Answer, Route } from '../../test/simulators/answer.ts'
import { AnthropicService } from '../../test/simulators/anthropic/service.ts'
import type { Payload } from '../../test/simulators/delivery.ts'
import { OpenAiService } from '../../test/simulators/openai/service.ts'
import { Refusal } from '../../test/simulators/refusal.ts'
import { type RecordedRequest, type Service, type Simulator, type SimulatorOptions, startService } from '../../test/simulators/simulator.ts'
import { faultIn } from './faults.ts'
import { UPSTREAM_KEY } from './secrets.ts'

/**
 * The upstreams of a soak, in a process of their own: prints one line of JSON, the URL of each. Each request says within itself what is to go wrong
 * (`faults.ts`), so that the same request always meets the same fault.
 */

/** Where each kind of tool has its name, by the letter. */
function nameOf(tool: Json): unknown {
  const inner = tool.type === 'function' || tool.type === 'custom' ? tool[tool.type] : undefined
  return isObject(inner) ? inner.name : tool.name
}

/** A vendor whose answers go wrong where the request says so. */
class Misbehaving implements Service {
  readonly basePath: string
  simulator: Simulator | undefined

  constructor(private readonly vendor: Service) {
    this.basePath = vendor.basePath
  }

  routeOf(request: RecordedRequest): Route {
    return this.vendor.routeOf(request)
  }

  check(route: Route, request: RecordedRequest): void {
    this.vendor.check(route, request)
    const fault = route === 'generate' ? faultIn(request.bodyText) : undefined
    // The next thing that is done is to take an answer from the queue, which is empty otherwise.
    if (fault) this.simulator?.script(fault)
  }

  keyOf(headers: Record<string, string>): string | undefined {
    return this.vendor.keyOf(headers)
  }

  payload(route: Route, request: RecordedRequest, answer: Answer): Payload {
    // Nobody keeps what a hundred thousand requests said.
    this.simulator?.requests.splice(0)
    // A lenient one would call the tools by whatever names a fuzzed request gave them.
    if (!objectsOf(request.body?.tools).every(tool => typeof nameOf(tool) === 'string' && nameOf(tool) !== ''))
      this.#refuse('Tools need names.')
    try {
      return this.vendor.payload(route, request, answer)
    } catch (error) {
      if (error instanceof Refusal) throw error
      // A lenient vendor was given what it cannot make sense of.
      return this.#refuse('I can make no sense of that.')
    }
  }

  #refuse(message: string): never {
    throw new Refusal(400, this.vendor.errorBody(400, message), message)
  }

  errorBody(status: number, message: string) {
    return this.vendor.errorBody(status, message)
  }

  headers(): Record<string, string> {
    return this.vendor.headers()
  }
}

function start(make: (options: SimulatorOptions) => Service, options: SimulatorOptions): string {
  const service = new Misbehaving(make({ keys: [UPSTREAM_KEY], ...options }))
  service.simulator = startService(service, { keys: [UPSTREAM_KEY], ...options })
  return service.simulator.url
}

const openai = (options: SimulatorOptions): Service => new OpenAiService(options)
const anthropic = (options: SimulatorOptions): Service => new AnthropicService(options)

process.stdout.write(
  `${JSON.stringify({
    openai: start(openai, {}),
    'openai-lenient': start(openai, { lenient: true }),
    anthropic: start(anthropic, {}),
    'anthropic-lenient': start(anthropic, { lenient: true }),
  })}\n`,
)
// Ends with the soak, however that ends.
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
