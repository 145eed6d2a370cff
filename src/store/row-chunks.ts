/** Rows as text in pieces of memory that are as long as this, or as one row that is longer. */
const CHUNK_BYTES = 256 * 1024

/** UTF-8 takes at most three bytes for a character of ours. */
const MOST_BYTES_PER_CHARACTER = 3

interface Chunk {
  bytes: Buffer
  used: number
  rows: number
}

/**
 * Rows that wait, as lines of UTF-8: what is kept as strings and objects would be walked through by every collection of garbage meanwhile. Never more than
 * `capacity` rows and half a chunk: the oldest chunk gives way and is counted.
 */
export class RowChunks {
  #chunks: Chunk[] = []
  #rows = 0
  #dropped = 0

  constructor(readonly capacity: number) {}

  get rows(): number {
    return this.#rows
  }

  add(row: string): void {
    const needed = row.length * MOST_BYTES_PER_CHARACTER + 1
    let chunk = this.#chunks.at(-1)
    if (!chunk || chunk.bytes.length - chunk.used < needed) {
      chunk = { bytes: Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, needed)), used: 0, rows: 0 }
      this.#chunks.push(chunk)
    }
    chunk.used += chunk.bytes.write(row, chunk.used)
    chunk.bytes[chunk.used++] = LINE_END
    chunk.rows++
    this.#rows++
    while (this.#rows > this.capacity && this.#chunks.length > 1) this.#dropOldest()
  }

  /** All that waits, no longer here. */
  take(): { chunks: Uint8Array[]; rows: number } {
    const taken = { chunks: this.#chunks.map(({ bytes, used }) => bytes.subarray(0, used)), rows: this.#rows }
    this.#chunks = []
    this.#rows = 0
    return taken
  }

  /** Puts back in front what `take` gave out. */
  restore({ chunks, rows }: { chunks: Uint8Array[]; rows: number }): void {
    // How many stood in which is not known any more: they give way together.
    if (rows > 0) this.#chunks.unshift({ bytes: Buffer.concat(chunks), used: chunks.reduce((sum, { length }) => sum + length, 0), rows })
    this.#rows += rows
    while (this.#rows > this.capacity && this.#chunks.length > 1) this.#dropOldest()
  }

  /** How many rows have given way since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }

  #dropOldest(): void {
    const rows = this.#chunks.shift()?.rows ?? 0
    this.#rows -= rows
    this.#dropped += rows
  }
}

const LINE_END = 0x0a

/** The rows that `RowChunks` put into bytes. */
export function* rowsOf(chunks: readonly Uint8Array[]): Generator<string> {
  const decoder = new TextDecoder()
  for (const chunk of chunks) {
    for (const line of decoder.decode(chunk).split('\n')) if (line !== '') yield line
  }
}
