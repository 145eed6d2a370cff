import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { Figure, Figures } from './figures.ts'

const START = '<!-- bench:start -->'
const END = '<!-- bench:end -->'

const figure = (value: number | number[]): string => {
  if (typeof value === 'object') return value.map(figure).join(' / ')
  if (!Number.isFinite(value)) return 'not measured'
  const size = Math.abs(value)
  return size >= 100 ? String(Math.round(value)) : value.toFixed(size >= 10 ? 1 : 2)
}

const target = ({ atLeast, atMost }: Figure): string => {
  if (atLeast !== undefined) return `≥ ${atLeast}`
  return atMost === undefined ? '' : `≤ ${atMost}`
}

/** The figures as Markdown. `command` is what anyone runs to get them. */
export function table({ rates = [], figures = [], remarks = [] }: Figures, rounds: number, seconds: number, command: string): string {
  const lines: string[] = []
  if (figures.length > 0) {
    lines.push('| | measured | target |', '| --- | ---: | ---: |')
    for (const each of figures) {
      const space = each.unit.startsWith('%') ? '' : ' '
      lines.push(`| ${each.name} | ${figure(each.value)}${space}${each.unit} | ${target(each)} |`)
    }
    lines.push('')
  }
  if (rates.length > 0) {
    lines.push('| | requests/s | processor time/request |', '| --- | ---: | ---: |')
    for (const { name, rate, cpu } of rates)
      lines.push(`| ${name} | ${Math.round(rate)} | ${Number.isFinite(cpu) ? `${Math.round(cpu)} µs` : ''} |`)
    lines.push('')
  }
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores`
  lines.push(
    `\`${command}\`: best of ${rounds} rounds of ${seconds} s; ${machine}, shared by the load, the upstream (an nginx of its own) and what is measured.`,
    ...remarks,
  )
  return lines.join('\n')
}

/** Puts the table between the marks of a file. @throws where it has none. */
export function writeInto(path: string, text: string): void {
  const file = readFileSync(path, 'utf8')
  const [from, to] = [file.indexOf(START), file.indexOf(END)]
  if (from === -1 || to < from) throw new Error(`${path} has no ${START} … ${END}`)
  writeFileSync(path, `${file.slice(0, from + START.length)}\n${text}\n${file.slice(to)}`)
}
