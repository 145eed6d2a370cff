import { PAIRS, type Pair, SIGNS } from './feature.ts'
import type { Report, Row } from './run.ts'

export const START = '<!-- conformance:start -->'
export const END = '<!-- conformance:end -->'

const HEADS: Record<Pair, string> = {
  'openai→openai': 'OpenAI → OpenAI',
  'openai→anthropic': 'OpenAI → Anthropic',
  'anthropic→openai': 'Anthropic → OpenAI',
  'anthropic→anthropic': 'Anthropic → Anthropic',
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** Names in one line of the table, at most. */
const MOST_NAMES = 5

interface Line {
  names: string[]
  signs: string[]
  remark: string
}

/** Features that fare alike share lines, where the first of them stands; one with a remark has its own. */
function linesOf(rows: readonly Row[]): Line[] {
  const lines: Line[] = []
  for (const { feature, cells, remark = '' } of rows) {
    const signs = PAIRS.map(pair => SIGNS[cells[pair]])
    const alike = (line: Line): boolean => line.remark === '' && line.names.length < MOST_NAMES && line.signs.join() === signs.join()
    const shared = remark === '' ? lines.find(alike) : undefined
    if (shared) shared.names.push(feature)
    else lines.push({ names: [feature], signs, remark })
  }
  return lines
}

/** The report as a Markdown table, with what its signs mean. */
export function tableOf({ rows }: Report): string {
  return [
    'Each cell holds for streamed and whole answers alike: `✓` exact; `≈` approximated and `–` left out, both with a note in',
    '`x-dragoman-notes`; `✗` refused with a 400 that names the field; `→` passed on as it came, for the vendor itself to refuse;',
    'empty: cannot be said there.',
    '',
    line(['Client → upstream', ...PAIRS.map(pair => HEADS[pair]), '']),
    line(['---', ...PAIRS.map(() => ':-:'), '---']),
    ...linesOf(rows).map(({ names, signs, remark }) => line([names.join(' · '), ...signs, remark])),
  ].join('\n')
}

/** The text with the table between its marks; undefined where it has none. */
export function withTable(text: string, table: string): string | undefined {
  const start = text.indexOf(START)
  const end = text.indexOf(END)
  if (start === -1 || end < start) return undefined
  return `${text.slice(0, start + START.length)}\n${table}\n${text.slice(end)}`
}
