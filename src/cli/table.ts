/** Rows of cells as aligned columns; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, Bun.stringWidth(cell))), [])
  const pad = (cell: string, column: number): string => cell + ' '.repeat((widths[column] ?? 0) - Bun.stringWidth(cell))
  return rows.map(row => `${row.map(pad).join('  ').trimEnd()}\n`).join('')
}

/** A moment in milliseconds since the epoch, or as management writes it, for people: to the second. */
export const time = (at: number | string | null | undefined): string =>
  at === undefined || at === null ? '-' : `${new Date(at).toISOString().slice(0, 19)}Z`
