import { appendFileSync, rmSync } from 'node:fs'
import { Client, type Outcome } from './client.ts'
import type { SoakedGateway, Vitals } from './gateway.ts'
import { judge } from './judge.ts'
import type { Options } from './options.ts'
import type { Failure } from './replay.ts'
import { requestOf, type SoakRequest } from './requests.ts'

/** How long nothing may come: longer than the gateway waits for its upstreams, tries anew included. */
const SILENCE_MS = 15_000
const NOISE_SILENCE_MS = 400
const MOST_VIOLATIONS = 50
const PROGRESS_EVERY = 5000
/** What may lie above the figures after the warm-up: caches that were not full yet, connections to upstreams that are kept. */
const MORE_MEMORY = { part: 0.35, mb: 40 }
const MORE_DESCRIPTORS = 128

/** One run: sends, judges, counts. */
export class Soak {
  readonly #violations: string[] = []
  readonly #statuses = new Map<number, number>()
  #sent = 0
  #left = 0
  #next = 0
  #warm: Vitals | undefined
  #atEnd: Vitals | undefined
  readonly #began = performance.now()
  readonly #first: Vitals

  constructor(
    private readonly gateway: SoakedGateway,
    private readonly options: Options,
  ) {
    this.#first = gateway.vitals()
    rmSync(options.failures, { force: true })
    console.log(`seed ${options.seed}, pid ${gateway.pid}, ${options.clients} clients`)
  }

  async all(): Promise<void> {
    const total = this.options.requests + this.options.disconnects
    await this.#send(() => this.#next < Math.min(5000, total / 4))
    this.#warm = await this.#settle('after the warm-up')
    await this.#send(() => this.#next < total || this.#left < this.options.disconnects)
    this.#atEnd = await this.#settle('at the end')
    this.#compare(this.#warm, this.#atEnd)
    await this.#stillServes()
  }

  /** Whether the client of this request leaves: spread evenly, and those behind the plan stand in for clients that were answered before they could. */
  #leaves(index: number): boolean {
    const { requests, disconnects } = this.options
    const total = requests + disconnects
    return index >= total || Math.floor(((index + 1) * disconnects) / total) > Math.floor((index * disconnects) / total)
  }

  async #send(more: () => boolean): Promise<void> {
    const worker = async (): Promise<void> => {
      let client: Client | undefined
      while (more() && this.#violations.length < MOST_VIOLATIONS) {
        const index = this.#next++
        const leaves = this.#leaves(index)
        if (leaves) this.#left++
        else this.#sent++
        if (index % PROGRESS_EVERY === PROGRESS_EVERY - 1) this.#progress()
        client = await this.#one(requestOf(this.options.seed, index, leaves), client)
      }
      client?.close('fin')
    }
    await Promise.all(Array.from({ length: this.options.clients }, worker))
  }

  /** One request, on the connection of the one before where that is still good. */
  async #one(request: SoakRequest, before: Client | undefined): Promise<Client | undefined> {
    if (this.gateway.exitCode() !== null) {
      this.violate(`the process ended with ${this.gateway.exitCode()}`, request)
      throw new Error('the gateway is gone')
    }
    const alone = request.expect === 'any' || request.leave !== undefined
    if (alone) before?.close('fin')
    let client = !alone && before?.open ? before : undefined
    let outcome: Outcome
    try {
      client ??= await Client.connect(this.gateway.url)
      outcome = await client.request(request.bytes, {
        silenceMs: request.expect === 'any' ? NOISE_SILENCE_MS : SILENCE_MS,
        leave: request.leave,
      })
      // A kept connection that was closed as we wrote: what any client does then is to try a new one.
      if (outcome.answer === undefined && outcome.ended === 'closed' && client === before && outcome.received.length === 0) {
        client = await Client.connect(this.gateway.url)
        outcome = await client.request(request.bytes, { silenceMs: SILENCE_MS, leave: request.leave })
      }
    } catch (error) {
      this.violate(error instanceof Error ? error.message : String(error), request)
      return undefined
    }
    this.#judge(request, outcome)
    if (!alone && outcome.answer && outcome.answer.headers.connection !== 'close') return client
    client.close('fin')
    return undefined
  }

  #judge(request: SoakRequest, outcome: Outcome): void {
    const { answer } = outcome
    if (answer === undefined) {
      if (outcome.ended === 'left' || request.expect === 'any') return
      return this.violate(`no answer: ${outcome.ended}`, request, outcome.received.toString())
    }
    // It was answered before it could leave: another one will have to.
    if (request.leave) this.#left--
    this.#statuses.set(answer.status, (this.#statuses.get(answer.status) ?? 0) + 1)
    for (const problem of judge(request, answer))
      this.violate(problem, request, `${answer.status} ${JSON.stringify(answer.headers)}\n${answer.body}`)
  }

  violate(problem: string, request?: SoakRequest, answer = ''): void {
    this.#violations.push(problem)
    console.log(`VIOLATION${request ? ` (request ${request.index}${request.fault ? `, fault ${request.fault}` : ''})` : ''}: ${problem}`)
    if (request === undefined) return
    const { bytes, ...rest } = request
    const failure: Failure = { ...rest, problem, request: bytes.toString('base64'), answer: answer.slice(0, 20_000) }
    appendFileSync(this.options.failures, `${JSON.stringify(failure)}\n`)
  }

  /** What the process holds when nobody is connected any more. */
  async #settle(when: string): Promise<Vitals> {
    const deadline = performance.now() + 15_000
    let open = Number.NaN
    while (open !== 0 && performance.now() < deadline) {
      await Bun.sleep(100)
      open = (await this.gateway.stats()).streams_open
    }
    if (open !== 0) this.violate(`${open} streams are open ${when}`)
    // Memory is given back a while later.
    await Bun.sleep(this.options.requests >= 10_000 ? 8000 : 1000)
    const vitals = this.gateway.vitals()
    console.log(`${when}: ${vitals.residentMb.toFixed(0)} MB resident, ${vitals.descriptors} descriptors, ${open} streams open`)
    return vitals
  }

  #compare(warm: Vitals, end: Vitals): void {
    const most = warm.residentMb * (1 + MORE_MEMORY.part) + MORE_MEMORY.mb
    if (end.residentMb > most) this.violate(`${end.residentMb.toFixed(0)} MB resident, ${warm.residentMb.toFixed(0)} MB after the warm-up`)
    if (end.descriptors > warm.descriptors + MORE_DESCRIPTORS)
      this.violate(`${end.descriptors} descriptors, ${warm.descriptors} after the warm-up`)
    if (end.started !== this.#first.started) this.violate('the process is another one')
  }

  /** Plain requests, one of each dialect, are answered by the process that was there from the start. */
  async #stillServes(): Promise<void> {
    const { uptime_s: uptime } = await this.gateway.stats()
    if (uptime * 1000 < performance.now() - this.#began - 2000) this.violate(`it was started anew ${uptime} s ago`)
    const answer = await fetch(`${this.gateway.url}/health`)
    if (answer.status !== 200) this.violate(`/health answers ${answer.status}`)
  }

  #progress(): void {
    const { residentMb, descriptors } = this.gateway.vitals()
    const seconds = (performance.now() - this.#began) / 1000
    console.log(
      `${this.#sent} requests, ${this.#left} disconnects, ${Math.round(this.#sent / seconds)}/s, ${residentMb.toFixed(0)} MB, ${descriptors} descriptors, ${this.#violations.length} violations`,
    )
  }

  /** The last lines. @returns whether everything held. */
  report(logLines: number): boolean {
    const statuses = [...this.#statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
    console.log(`answers: ${statuses.join(', ')}; ${logLines} lines of log`)
    const figures = `${this.#sent} requests, ${this.#left} disconnects, seed ${this.options.seed}, ${Math.round((performance.now() - this.#began) / 1000)} s`
    const memory = `${this.#warm?.residentMb.toFixed(0)} → ${this.#atEnd?.residentMb.toFixed(0)} MB, ${this.#warm?.descriptors} → ${this.#atEnd?.descriptors} descriptors`
    if (this.#violations.length === 0) {
      console.log(`${figures}, same process, ${memory}: ok`)
      return true
    }
    console.log(
      `${figures}, ${memory}: ${this.#violations.length} VIOLATIONS; their inputs: ${this.options.failures} (scripts/soak --replay FILE)`,
    )
    return false
  }
}
