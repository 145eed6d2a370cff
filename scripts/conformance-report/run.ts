import { deepEqual } from 'node:assert/strict'
import { isObject, type Json, stringOf } from '../../test/checkers/json.ts'
import { anthropicParams } from '../../test/e2e/sdk/ask-anthropic.ts'
import { openAiParams } from '../../test/e2e/sdk/ask-openai.ts'
import type { Question } from '../../test/e2e/sdk/question.ts'
import { type Ask, type Feature, type Mark, type Outcome, PAIRS, type Pair, type Vendor } from './feature.ts'
import { FEATURES } from './features.ts'
import { MODELS, type ReportStage, startReportStage } from './stage.ts'

export interface Row {
  feature: string
  /** What was observed, of streamed and whole answers alike. */
  cells: Record<Pair, Mark>
  remark?: string
}

export interface Report {
  rows: Row[]
  /** What turned out other than declared, one sentence each. */
  mismatches: string[]
}

const isQuestion = (ask: Ask): ask is Question => 'turns' in ask

/** The body that the client sends; undefined where its dialect has no words for it. */
function bodyOf(feature: Feature, client: Vendor, upstream: Vendor, streamed: boolean): Json | undefined {
  const model = feature.models?.[upstream] ?? MODELS[upstream]
  const { ask } = feature
  const stream = streamed ? { stream: true, ...(client === 'openai' && { stream_options: { include_usage: true } }) } : {}
  if (isQuestion(ask)) {
    const question = { ...ask, model }
    return { ...(client === 'openai' ? openAiParams(question) : anthropicParams(question)), ...stream } as Json
  }
  const own = ask[client]
  const limit = client === 'anthropic' ? { max_tokens: 2000 } : {}
  return own && { messages: [{ role: 'user', content: 'Hi' }], ...limit, ...own, model, ...stream }
}

/** The field that a 400 names, in the client's dialect. */
function namedField({ body }: Outcome): string {
  const error = isObject(body?.error) ? body.error : {}
  return stringOf(error.param) || (/^[\w.]+(?=:)/.exec(stringOf(error.message))?.[0] ?? '')
}

const within = (path: string, fields: readonly string[]): boolean => fields.some(field => path === field || path.startsWith(`${field}.`))

/** What became of the feature, as a client can see it. @throws where it is none of the marks */
function observed(feature: Feature, outcome: Outcome): Mark {
  const { status, notes } = outcome
  const fields = feature.fields ?? []
  if (status === 400 && feature.status !== 400 && outcome.received) return 'passed'
  if (status === 400 && feature.status !== 400) {
    const field = namedField(outcome)
    if (within(field, fields)) return 'refused'
    throw new Error(`was refused for ${JSON.stringify(field)}: ${outcome.text.slice(0, 300)}`)
  }
  if (status !== (feature.status ?? 200)) throw new Error(`was answered with ${status}: ${outcome.text.slice(0, 300)}`)
  const about = notes.filter(note => within(note.slice(note.indexOf(':') + 1), fields))
  const strangers = notes.filter(note => !about.includes(note))
  if (strangers.length > 0) throw new Error(`has notes about something else: ${strangers.join(', ')}`)
  if (about.some(note => note.startsWith('dropped:'))) return 'dropped'
  return about.length > 0 ? 'approximated' : 'exact'
}

async function tryOut(stage: ReportStage, feature: Feature, pair: Pair, streamed: boolean): Promise<Mark> {
  const [client, upstream] = pair.split('→') as [Vendor, Vendor]
  if (feature.not?.includes(pair)) return 'unsaid'
  const body = bodyOf(feature, client, upstream, streamed)
  if (!body) return 'unsaid'
  const answer = feature.answer?.(upstream, streamed)
  if (answer) stage.upstream[upstream].script(answer)
  const outcome = await stage.ask(pair, streamed, body)
  const mark = observed(feature, outcome)
  if (mark === 'refused') return mark
  if (mark === 'passed') {
    const { stream: _, ...sent } = body
    if (client !== upstream) throw new Error('was refused by an upstream of the other dialect')
    for (const [name, value] of Object.entries(sent)) deepEqual(outcome.received?.body?.[name], value, `${name} at the upstream`)
    return mark
  }
  if (mark !== 'dropped') {
    const sent = outcome.received?.body
    if (!sent) throw new Error('did not get to the upstream')
    feature.arrives?.[upstream]?.(sent, outcome)
  }
  await feature.tells?.(outcome, {
    ask: (next, options) => stage.ask(pair, streamed, { ...body, ...next }, options),
    leave: () => stage.leave(pair, body),
  })
  return mark
}

/** Tries every feature for every pair, streamed and whole, at the listening gateway. */
export async function runReport(features: readonly Feature[] = FEATURES): Promise<Report> {
  const stage = await startReportStage()
  const report: Report = { rows: [], mismatches: [] }
  try {
    for (const feature of features) {
      const cells = {} as Row['cells']
      for (const pair of PAIRS) {
        const declared = feature.becomes[pair]
        for (const way of ['whole', 'streamed'] as const) {
          const place = `${feature.name}, ${pair}, ${way}`
          try {
            const mark = await tryOut(stage, feature, pair, way === 'streamed')
            const unseen = feature.late === true && way === 'streamed' && mark === 'exact'
            if (mark !== declared && !unseen) report.mismatches.push(`${place}: ${mark}, not ${declared}`)
          } catch (error) {
            report.mismatches.push(`${place}: ${error instanceof Error ? error.message : String(error)}`)
          }
        }
        cells[pair] = declared
      }
      report.rows.push({ feature: feature.name, cells, ...(feature.remark !== undefined && { remark: feature.remark }) })
    }
  } finally {
    await stage.stop()
  }
  return report
}
