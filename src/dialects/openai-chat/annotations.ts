import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Annotation, ContentPart, TextPart } from '../../ir/message.ts'
import { DIALECT } from './wire.ts'

const text = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** The wire's `annotations` in the model. */
export function annotationsOf(value: JsonValue | undefined): Annotation[] {
  if (!Array.isArray(value)) return []
  return value.filter(isObject).map(raw => {
    const citation = isObject(raw.url_citation) ? raw.url_citation : raw
    return { origin: DIALECT, raw, url: text(citation.url), title: text(citation.title), citedText: text(citation.content) }
  })
}

/** Perplexity's sources, which stand beside the choices: `search_results` with titles, else `citations` with addresses only. */
export function sourcesOf(body: JsonObject): Annotation[] {
  const results = Array.isArray(body.search_results) ? body.search_results : body.citations
  if (!Array.isArray(results)) return []
  const annotations: Annotation[] = []
  for (const result of results) {
    const url = isObject(result) ? text(result.url) : text(result)
    if (url === undefined) continue
    const title = isObject(result) ? text(result.title) : undefined
    annotations.push({ origin: DIALECT, raw: urlCitation(url, title, 0, 0), url, title })
  }
  return annotations
}

const urlCitation = (url: string, title: string | undefined, start: number, end: number): JsonObject => ({
  type: 'url_citation',
  url_citation: { url, title: title ?? url, start_index: start, end_index: end },
})

/**
 * An annotation as `url_citation`, its span that of the text it belongs to (dialects.md §3.3); undefined where it has no address, because the
 * dialect knows no other kind.
 */
export function encodeAnnotation(annotation: Annotation, start: number, end: number): JsonObject | undefined {
  if (annotation.origin === DIALECT && isObject(annotation.raw)) return annotation.raw
  return annotation.url === undefined ? undefined : urlCitation(annotation.url, annotation.title, start, end)
}

export const isText = (part: ContentPart): part is TextPart => part.type === 'text'
