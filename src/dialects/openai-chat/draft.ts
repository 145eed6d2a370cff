import type { JsonObject } from '../../core/json.ts'
import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'
import type { ModelFamily } from './model-family.ts'

/** A request on its way into this dialect: what is said, to what kind of server and model, and the body so far, to which each step adds its members. */
export interface Draft {
  request: GenerateRequest
  traits: UpstreamTraits
  family: ModelFamily
  body: JsonObject
  context: CodecContext
}
