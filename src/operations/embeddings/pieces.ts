import { invalidField } from '../../core/errors.ts'
import { vendorOfAddress } from '../../core/vendor-hosts.ts'
import { type EmbeddingLimits, embeddingLimitsOf } from '../../routing/model-data.ts'
import type { Provider } from '../../routing/provider.ts'
import type { EmbeddingsRequest } from './request.ts'

/** Kinds of provider that stand for Alibaba's Model Studio; others do where their address says so. */
const ALIBABA: ReadonlySet<string> = new Set(['qwen', 'alibaba'])

/** What the upstream is known to hold requests for `model` to. Undefined: it is the only judge. */
export function embeddingLimits({ type, baseUrl }: Pick<Provider, 'type' | 'baseUrl'>, model: string): EmbeddingLimits | undefined {
  return ALIBABA.has(type) || vendorOfAddress(baseUrl) === 'alibaba' ? embeddingLimitsOf(model) : undefined
}

/** @throws GatewayError `invalid-request` naming what the model does not take. */
export function checkLimits({ rows, isList, dimensions }: EmbeddingsRequest, limits: EmbeddingLimits, model: string): void {
  for (const [index, row] of rows.entries()) {
    if (typeof row !== 'string') throw invalidField('input', `must be text: '${model}' takes no tokens`, 'invalid_type')
    if (row === '') throw invalidField(isList ? `input.${index}` : 'input', 'must not be empty', 'invalid_value')
  }
  if (dimensions !== undefined && !limits.dimensions.includes(dimensions)) {
    const values = limits.dimensions.join(', ')
    const problem = `must be ${limits.dimensions.length > 1 ? `one of ${values}` : values} for '${model}', not ${dimensions}`
    throw invalidField('dimensions', problem, 'invalid_value')
  }
}

/** Rows in pieces of at most `size`. */
export function inPieces(rows: EmbeddingsRequest['rows'], size: number): EmbeddingsRequest['rows'][] {
  const count = Math.ceil(rows.length / size)
  return Array.from({ length: count }, (_, piece) => rows.slice(piece * size, (piece + 1) * size))
}
