import { AnthropicService } from './anthropic/service.ts'
import { type Simulator, type SimulatorOptions, startService } from './simulator.ts'

/** Starts an upstream that speaks Messages as strictly as Anthropic. Its `url` has no path: `/v1` belongs to the routes. */
export const startAnthropic = (options: SimulatorOptions = {}): Simulator => startService(new AnthropicService(options), options)
