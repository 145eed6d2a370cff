/** Bytes that a request's trace may still keep: whoever begins to keep something sets half of what is left aside. */
export class Room {
  constructor(private left: number) {}

  take(): number {
    const half = this.left >> 1
    this.left -= half
    return half
  }

  give(bytes: number): void {
    this.left += bytes
  }
}

/** What was kept of a text; `cut` bytes are missing between `head` and `tail`. Uncut, all of it is `head`. */
export interface KeptText {
  head: string
  tail: string
  cut: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A text that comes piece by piece, of which the beginning and the end are kept: how an answer ended tells as much as how it began. */
export class CutText {
  readonly #headLimit: number
  readonly #tailLimit: number
  #head = new Uint8Array(0)
  #headLength = 0
  /** A ring, once the head is full. */
  #tail: Uint8Array | undefined
  #tailEnd = 0
  #tailLength = 0
  #total = 0

  /** @param limit bytes that are kept at most */
  constructor(private readonly limit: number) {
    this.#headLimit = limit >> 1
    this.#tailLimit = limit - this.#headLimit
  }

  /** Bytes that came, whether kept or not. */
  get total(): number {
    return this.#total
  }

  /** The piece is copied: bytes of a connection are written over by the next ones. */
  append(piece: string | Uint8Array): void {
    if (typeof piece !== 'string') return this.#add(piece)
    if (piece.length <= this.limit) return this.#add(encoder.encode(piece))
    // Its middle would only be encoded to be dropped.
    const length = Buffer.byteLength(piece)
    const head = encoder.encode(piece.slice(0, this.#headLimit))
    const tail = encoder.encode(piece.slice(piece.length - this.#tailLimit))
    this.#add(head)
    this.#add(tail)
    this.#total += length - head.length - tail.length
  }

  /** Bytes of the limit that nothing came for. */
  get unused(): number {
    return this.limit - this.#headLength - this.#tailLength
  }

  text(): KeptText {
    const head = this.#head.subarray(0, this.#headLength)
    const tail = this.#orderedTail()
    const cut = this.#total - head.length - tail.length
    if (cut === 0) return { head: decoder.decode(Buffer.concat([head, tail])), tail: '', cut: 0 }
    return { head: decoder.decode(head), tail: decoder.decode(tail), cut }
  }

  #add(bytes: Uint8Array): void {
    this.#total += bytes.length
    const forHead = bytes.subarray(0, this.#headLimit - this.#headLength)
    if (forHead.length > 0) {
      this.#makeRoom(this.#headLength + forHead.length)
      this.#head.set(forHead, this.#headLength)
      this.#headLength += forHead.length
    }
    // What is longer than the ring writes over itself: only its end counts.
    const rest = bytes.subarray(forHead.length).subarray(-this.#tailLimit)
    if (rest.length === 0 || this.#tailLimit === 0) return
    this.#tail ??= new Uint8Array(this.#tailLimit)
    const ring = this.#tail
    const untilWrap = rest.subarray(0, ring.length - this.#tailEnd)
    ring.set(untilWrap, this.#tailEnd)
    ring.set(rest.subarray(untilWrap.length))
    this.#tailEnd = (this.#tailEnd + rest.length) % ring.length
    this.#tailLength = Math.min(ring.length, this.#tailLength + rest.length)
  }

  #makeRoom(needed: number): void {
    if (needed <= this.#head.length) return
    const larger = new Uint8Array(Math.min(this.#headLimit, Math.max(needed, this.#head.length * 2, 1024)))
    larger.set(this.#head.subarray(0, this.#headLength))
    this.#head = larger
  }

  #orderedTail(): Uint8Array {
    const ring = this.#tail ?? new Uint8Array(0)
    if (this.#tailLength < ring.length) return ring.subarray(0, this.#tailLength)
    return Buffer.concat([ring.subarray(this.#tailEnd), ring.subarray(0, this.#tailEnd)])
  }
}
