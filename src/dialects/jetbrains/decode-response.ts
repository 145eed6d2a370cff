import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonValue } from '../../core/json.ts'
import { errorOfWords, saidIn } from './upstream-error.ts'

/**
 * A whole body where a stream was due: these endpoints know no other answer, so that it can only tell of an error.
 * @throws GatewayError always: `bad-gateway`, or the kind that its words tell
 */
export function decodeResponse(body: JsonValue): never {
  const said = isObject(body) ? saidIn(body) : undefined
  if (said !== undefined) throw errorOfWords(said)
  const cause = JSON.stringify(body).slice(0, 2000)
  throw new GatewayError('bad-gateway', 'the upstream answered with something that is no stream', { upstream: {}, cause })
}
