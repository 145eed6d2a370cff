const be16 = (value: number): number[] => [value >> 8, value & 0xff]
const le16 = (value: number): number[] => [value & 0xff, value >> 8]
const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')]

/** Headers of images of that size; there is nothing behind them. */
export const png = (width: number, height: number): Buffer =>
  Buffer.from([...ascii('\x89PNG\r\n\x1a\n'), 0, 0, 0, 13, ...ascii('IHDR'), 0, 0, ...be16(width), 0, 0, ...be16(height), 8, 2, 0, 0, 0])

export const gif = (width: number, height: number): Buffer => Buffer.from([...ascii('GIF89a'), ...le16(width), ...le16(height), 0, 0, 0])

/** `before`: lengths of the segments that come first; `filling`: superfluous FF bytes before each. */
export function jpeg(width: number, height: number, options: { frame?: number; before?: number[]; filling?: number } = {}): Buffer {
  const { frame = 0xc0, before = [16], filling = 0 } = options
  const fill = Buffer.alloc(filling, 0xff)
  const segments = before.flatMap(length => [fill, Buffer.from([0xff, 0xe1, ...be16(length)]), Buffer.alloc(length - 2, 0x11)])
  const start = Buffer.from([0xff, frame, 0, 17, 8, ...be16(height), ...be16(width), 3, 1, 34, 0])
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...segments, fill, start])
}

export function webp(kind: 'VP8 ' | 'VP8L' | 'VP8X', width: number, height: number): Buffer {
  const bits = (width - 1) | ((height - 1) << 14)
  const little = (value: number, bytes: number): number[] => Array.from({ length: bytes }, (_, at) => (value >>> (8 * at)) & 0xff)
  const inside = {
    'VP8 ': [0, 0, 0, 0x9d, 0x01, 0x2a, ...le16(width), ...le16(height)],
    VP8L: [0x2f, ...little(bits, 4)],
    VP8X: [0, 0, 0, 0, ...little(width - 1, 3), ...little(height - 1, 3)],
  }[kind]
  return Buffer.from([...ascii('RIFF'), 0, 0, 0, 0, ...ascii(`WEBP${kind}`), 0, 0, 0, 0, ...inside, 0, 0, 0, 0])
}
