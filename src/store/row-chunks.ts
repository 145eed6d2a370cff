/** Rows as text in pieces of memory that are as long as this, or as one row that is longer. */
const CHUNK_BYTES = 256 * 1024

/** What all rows may take together: names can be long, and rows are many. */
const MOST_BYTES = 64 * 1024 * 1024

/** UTF-8 takes at most three bytes for a character of ours. */
const MOST_BYTES_PER_CHARACTER = 3

const LINE_END = 0x0a

interface Chunk {
  bytes: Buffer
  used: number
  rows: number
}

/**
 * Rows that wait, as lines of UTF-8: what is kept as strings and objects would be walked through by every collection of garbage meanwhile. Never more than
 * `capacity` rows or `mostBytes`, but for what the newest chunk holds: the oldest chunk gives way and is counted.
 */
export class RowChunks {
  #chunks: Chunk[] = []
  #rows = 0
  #bytes = 0
  #dropped = 0

  constructor(
    readonly capacity: number,
    readonly mostBytes: number = MOST_BYTES,
  ) {}

  get rows(): number {
    return this.#rows
  }

  /** @param row JSON, or other text without the end of a line in it */
  add(row: string): void {
    const needed = mostBytesOf(row) + 1
    let chunk = this.#chunks.at(-1)
    if (!chunk || chunk.bytes.length - chunk.used < needed) {
      chunk = { bytes: Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, needed)), used: 0, rows: 0 }
      this.#chunks.push(chunk)
      this.#bytes += chunk.bytes.length
    }
    chunk.used += chunk.bytes.write(row, chunk.used)
    chunk.bytes[chunk.used++] = LINE_END
    chunk.rows++
    this.#rows++
    while ((this.#rows > this.capacity || this.#bytes > this.mostBytes) && this.#chunks.length > 1) this.#dropOldest()
  }

  /** All that waits, no longer here. */
  take(): { chunks: Uint8Array[]; rows: number } {
    const taken = { chunks: this.#chunks.map(({ bytes, used }) => bytes.subarray(0, used)), rows: this.#rows }
    this.#chunks = []
    this.#rows = 0
    this.#bytes = 0
    return taken
  }

  /** How many rows have given way since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }

  #dropOldest(): void {
    const oldest = this.#chunks.shift()
    if (!oldest) return
    this.#rows -= oldest.rows
    this.#bytes -= oldest.bytes.length
    this.#dropped += oldest.rows
  }
}

/** Exact where the difference would be large: counting takes longer than the usual row is worth. */
const mostBytesOf = (row: string): number => {
  const most = row.length * MOST_BYTES_PER_CHARACTER
  return most < CHUNK_BYTES ? most : Buffer.byteLength(row)
}

/** The rows that `RowChunks` put into bytes. */
export function* rowsOf(chunks: readonly Uint8Array[]): Generator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for (const chunk of chunks) {
    for (const line of decoder.decode(chunk).split('\n')) if (line !== '') yield line
  }
}
