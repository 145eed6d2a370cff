import type { StreamEvent } from '../../src/ir/stream.ts'

/** What of the order promised in `src/ir/stream.ts` a finished stream breaks; empty where it keeps it. */
export function orderProblems(events: readonly StreamEvent[]): string[] {
  const problems: string[] = []
  const last = events.at(-1)
  const failed = last?.type === 'error'
  if (!failed && last?.type !== 'response-end') problems.push(`ends in ${last?.type}`)
  const open = new Map<number, number>()
  const next = new Map<number, number>()
  const finished = new Set<number>()
  const begun = new Set<number>()
  let usages = 0
  for (const [place, event] of events.entries()) {
    const choice = 'choice' in event ? (event.choice ?? 0) : 0
    if ('choice' in event) begun.add(choice)
    if ('choice' in event && event.choice === 0) problems.push('choice 0 is written out')
    if (place === 0 && event.type !== 'response-start' && event.type !== 'error') problems.push(`begins with ${event.type}`)
    if (place > 0 && event.type === 'response-start') problems.push('a second start')
    if (place < events.length - 1 && (event.type === 'error' || event.type === 'response-end'))
      problems.push(`something behind ${event.type}`)
    switch (event.type) {
      case 'block-start':
        if (open.has(choice)) problems.push('two blocks open')
        if (event.index !== (next.get(choice) ?? 0)) problems.push(`index ${event.index}`)
        next.set(choice, event.index + 1)
        open.set(choice, event.index)
        break
      case 'block-delta':
      case 'annotation':
        if (open.get(choice) !== event.index) problems.push(`${event.type} outside its block`)
        break
      case 'block-end':
        if (open.get(choice) !== event.index) problems.push('end of a block that is not open')
        open.delete(choice)
        break
      case 'usage':
        usages++
        if (open.size > 0 || finished.size > 0) problems.push('usage within the answer')
        break
      case 'finish':
        if (open.size > 0) problems.push('finish within a block')
        if (finished.has(choice)) problems.push('a second finish')
        finished.add(choice)
        break
      default:
        break
    }
    if (finished.size > 0 && (event.type.startsWith('block') || event.type === 'annotation')) problems.push('content behind a finish')
  }
  if (usages > 1) problems.push('usage twice')
  if (!failed) for (const choice of begun) if (!finished.has(choice)) problems.push(`choice ${choice} has no finish`)
  if (!failed && finished.size === 0) problems.push('no finish')
  return problems
}
