import type { Answer } from '../answer.ts'

/** What to answer, with what may differ in the events of JetBrains' own streams (jetbrains-ai.md §3). */
export interface JetbrainsAnswer extends Answer {
  /** Where `QuotaMetadata` stands. Default `after-finish`. */
  quotaEvent?: 'first' | 'before-finish' | 'after-finish' | 'none'
  omitFinish?: boolean
  /** The event that opens a tool call brings the first piece of its arguments too. */
  openWithContent?: boolean
  /** v8: no `parallelToolIndex`, so that only a new id tells calls apart. */
  omitToolIndex?: boolean
  /** v7: how events behind the opening one say that they have no name. Default `null`. */
  laterNames?: 'null' | 'absent'
  /** v7: `functionName` in place of `name`. */
  functionName?: boolean
  /** v8: `choiceIndex` in every event that may have one. */
  choiceIndex?: boolean
  /** `UnknownMetadata`, `ModelMetadata`, a type from the future and `data: null` among the events. */
  unknownEvents?: boolean
  /** Leaves out `event_type`. */
  omitEventType?: boolean
  /** The end marker. Default `end`. */
  endMarker?: 'end' | '[DONE]'
  /** What the answer costs, in quota units. Default: 100 for a thousand characters of request and answer. */
  spent?: number
}
