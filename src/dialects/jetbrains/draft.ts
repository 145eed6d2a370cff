import type { GenerateRequest } from '../../ir/request.ts'
import type { CodecContext, UpstreamTraits } from '../dialect.ts'
import type { ParameterList } from './parameters.ts'
import type { ProfileFamily } from './profile-family.ts'
import type { Version } from './wire.ts'

/** A request on its way into this dialect: what is said, to which profile and endpoint, and the parameters so far, to which each step adds. */
export interface Draft {
  request: GenerateRequest
  profile: string
  family: ProfileFamily
  version: Version
  traits: UpstreamTraits
  parameters: ParameterList
  context: CodecContext
}
