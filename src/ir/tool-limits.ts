import type { GenerateRequest } from './request.ts'
import { fitToolIds, type IdLimits } from './tool-ids.ts'
import { fitToolNames } from './tool-names.ts'

/** What an upstream takes for the names of tools and the ids of their calls. */
export interface ToolLimits extends IdLimits {
  name: RegExp
}

/** The request within the limits, the same one where nothing exceeds them; `names`: the client's names by their aliases, for the way back. */
export function fitTools(given: GenerateRequest, limits: ToolLimits): { request: GenerateRequest; names?: ReadonlyMap<string, string> } {
  const { request, originals } = fitToolNames(given, limits.name)
  const messages = fitToolIds(request.messages, limits)
  const fitted = messages === request.messages ? request : { ...request, messages: [...messages] }
  return originals ? { request: fitted, names: originals } : { request: fitted }
}
