import { legalId } from '../../ir/tool-ids.ts'
import type { ToolLimits } from '../../ir/tool-limits.ts'

/** What Anthropic takes for names of tools and ids of their calls; anything else is a 400 (dialects.md §2.4.4). */
export const TOOL_LIMITS: ToolLimits = { name: /^[a-zA-Z0-9_-]{1,64}$/, id: /^[a-zA-Z0-9_-]+$/, idPrefix: 'toolu_' }

export const isLegalToolId = (id: string): boolean => TOOL_LIMITS.id.test(id)

/** The id that stands for one which clients of this dialect would refuse; it comes back as it is, and is legal elsewhere too. */
export const legalToolId = (id: string): string => legalId(id, TOOL_LIMITS)
