import type { Feature } from './feature.ts'
import { ANSWERS } from './features/answers.ts'
import { MEDIA } from './features/media.ts'
import { REASONING } from './features/reasoning.ts'
import { SERVICE } from './features/service.ts'
import { SETTINGS } from './features/settings.ts'
import { TALK } from './features/talk.ts'
import { TOOLS } from './features/tools.ts'

/** The rows of the report, in order. */
export const FEATURES: readonly Feature[] = [...TALK, ...MEDIA, ...TOOLS, ...SETTINGS, ...REASONING, ...ANSWERS, ...SERVICE]
