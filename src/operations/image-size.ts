export interface ImageSize {
  width: number
  height: number
}

/** Some bytes of a base64 text, decoded alone: an image of megabytes is not decoded for the sake of its header. */
class Base64Bytes {
  constructor(private readonly text: string) {}

  /** As many of the `length` bytes from `offset` on as there are. */
  read(offset: number, length: number): Uint8Array {
    const group = Math.floor(offset / 3)
    const groups = Math.ceil((offset + length) / 3) - group
    const bytes = Buffer.from(this.text.slice(group * 4, (group + groups) * 4), 'base64')
    return bytes.subarray(offset - group * 3, offset - group * 3 + length)
  }
}

const big16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
const little16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
const little24 = (bytes: Uint8Array, at: number): number => little16(bytes, at) | ((bytes[at + 2] ?? 0) << 16)
const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to))

/** Enough of the beginning for all formats but JPEG. */
const HEADER = 32

/** More segments than that are no photograph. */
const MOST_SEGMENTS = 200

/** Line breaks within base64 shift every position; only the beginning is looked at then. */
const FOLDED_PART = 200_000

/**
 * Width and height in pixels out of the header of a base64 PNG, JPEG, GIF or WebP; undefined for anything else. Reads a few bytes, however large
 * the image is.
 */
export function imageSize(base64: string): ImageSize | undefined {
  const text = /\s/.test(base64.slice(0, 200)) ? base64.slice(0, FOLDED_PART).replace(/\s+/g, '') : base64
  const bytes = new Base64Bytes(text)
  const header = bytes.read(0, HEADER)
  const size = sizeOf(header, bytes)
  return size && size.width > 0 && size.height > 0 ? size : undefined
}

function sizeOf(header: Uint8Array, bytes: Base64Bytes): ImageSize | undefined {
  if (ascii(header, 0, 8) === '\x89PNG\r\n\x1a\n') {
    return { width: big16(header, 16) * 65_536 + big16(header, 18), height: big16(header, 20) * 65_536 + big16(header, 22) }
  }
  if (ascii(header, 0, 4) === 'GIF8') return { width: little16(header, 6), height: little16(header, 8) }
  if (ascii(header, 0, 4) === 'RIFF' && ascii(header, 8, 12) === 'WEBP') return webpSize(header)
  return header[0] === 0xff && header[1] === 0xd8 ? jpegSize(bytes) : undefined
}

function webpSize(header: Uint8Array): ImageSize | undefined {
  switch (ascii(header, 12, 16)) {
    case 'VP8 ':
      return { width: little16(header, 26) & 0x3fff, height: little16(header, 28) & 0x3fff }
    case 'VP8L': {
      const bits = little24(header, 21) + (header[24] ?? 0) * 0x1000000
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
    }
    case 'VP8X':
      return { width: 1 + little24(header, 24), height: 1 + little24(header, 27) }
    default:
      return undefined
  }
}

/** The size stands in the frame header, behind however much the camera had to say. */
function jpegSize(bytes: Base64Bytes): ImageSize | undefined {
  let at = 2
  for (let segment = 0; segment < MOST_SEGMENTS; segment++) {
    const head = bytes.read(at, 9)
    const marker = head[1] ?? 0
    if (head[0] !== 0xff) return undefined
    if (marker === 0xff) at += 1
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2
    else if (isFrame(marker)) return head.length < 9 ? undefined : { width: big16(head, 7), height: big16(head, 5) }
    else if (marker === 0xda || marker === 0xd9) return undefined
    else at += 2 + big16(head, 2)
  }
  return undefined
}

/** Start of frame: C0 to CF, but for tables and the like among them. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
