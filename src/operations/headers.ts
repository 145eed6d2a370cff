import type { UpstreamTraits } from '../dialects/dialect.ts'
import type { Note } from '../ir/note.ts'
import { formatNotes } from '../ir/note.ts'
import type { Lease } from '../routing/attempt.ts'
import type { ResponseHeaders } from '../upstream/http1/headers.ts'
import type { Call } from './call.ts'

/** What a client may say to an upstream of its own dialect. Everything else stays here: keys, cookies, traces. */
const TO_UPSTREAM: Record<string, readonly string[]> = {
  anthropic: ['anthropic-version', 'anthropic-beta'],
  'openai-chat': ['openai-beta'],
}

/** What an upstream of the dialect must be told although clients need not say it. */
const NEEDED_UPSTREAM: Record<string, Record<string, string>> = {
  anthropic: { 'anthropic-version': '2023-06-01' },
}

export function headersToUpstream(call: Call, traits: UpstreamTraits = {}): Record<string, string> {
  const headers: Record<string, string> = { ...NEEDED_UPSTREAM[call.dialect.id] }
  if (traits.clientHeaders === false) return headers
  for (const name of TO_UPSTREAM[call.dialect.id] ?? []) {
    const value = call.headers.get(name) ?? (name.startsWith('anthropic') ? call.headers.get(`x-${name}`) : null)
    if (value !== null) headers[name] = value
  }
  return headers
}

/** What an upstream may say to a client of its own dialect: limits and hints. Never cookies, hop-by-hop headers or organisation names. */
const FROM_UPSTREAM = new Set(['retry-after', 'retry-after-ms', 'x-should-retry', 'openai-processing-ms', 'openai-version'])
const FROM_UPSTREAM_PREFIXES = ['x-ratelimit-', 'anthropic-ratelimit-', 'anthropic-priority-']

/** The verdicts so far: upstreams send the same few names with every answer. */
const passes = new Map<string, boolean>()
const MOST_NAMES = 1000

function mayPass(name: string): boolean {
  const known = passes.get(name)
  if (known !== undefined) return known
  const verdict = FROM_UPSTREAM.has(name) || FROM_UPSTREAM_PREFIXES.some(prefix => name.startsWith(prefix))
  if (passes.size >= MOST_NAMES) passes.clear()
  passes.set(name, verdict)
  return verdict
}

export function headersFromUpstream(headers: ResponseHeaders): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of headers.keys()) if (mayPass(name)) kept[name] = headers.get(name) ?? ''
  return kept
}

/** Who served it, where the operator shows that. */
export function routingHeaders(lease: Lease, attempts: number): Record<string, string> {
  return {
    'x-dragoman-provider': headerText(lease.target.provider.name),
    'x-dragoman-account': headerText(lease.account.label),
    'x-dragoman-attempts': String(attempts),
  }
}

export function noteHeaders(notes: readonly Note[]): Record<string, string> {
  return notes.length > 0 ? { 'x-dragoman-notes': formatNotes(notes) } : {}
}

/** Headers carry Latin-1 at most; a name may be anything. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?')

export const STREAM_HEADERS: Record<string, string> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

export const JSON_HEADERS: Record<string, string> = { 'content-type': 'application/json' }
