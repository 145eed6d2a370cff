/** The status that only JetBrains has: the quota is used up, or the licence is suspended (jetbrains-ai.md §6). */
export const OUT_OF_QUOTA = 477

const SUSPENSION = /licen[cs]e suspension|suspended/i

/** Whether the words of a 477 speak of a suspended licence rather than of a quota. */
export const speaksOfSuspension = (words: string): boolean => SUSPENSION.test(words)

/** For people. */
export const SUSPENDED_LICENCE = 'licence suspended (477)'
