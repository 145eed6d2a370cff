import { OpenAiService } from './openai/service.ts'
import { type Simulator, type SimulatorOptions, startService } from './simulator.ts'

/** Starts an upstream that speaks Chat Completions as strictly as OpenAI. Its `url` ends in `/v1`. */
export const startOpenAi = (options: SimulatorOptions = {}): Simulator => startService(new OpenAiService(options), options)
