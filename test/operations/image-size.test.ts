import { describe, expect, test } from 'bun:test'
import { imageSize } from '../../src/operations/image-size.ts'
import { gif, jpeg, png, webp } from './images.ts'

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

describe('the size of an image', () => {
  test.each([
    ['PNG', png(1092, 1092)],
    ['GIF', gif(1092, 1092)],
    ['JPEG', jpeg(1092, 1092)],
    ['progressive JPEG', jpeg(1092, 1092, { frame: 0xc2 })],
    ['JPEG behind much that its camera said', jpeg(1092, 1092, { before: [65_000, 64_001, 3] })],
    ['JPEG with filling bytes', jpeg(1092, 1092, { filling: 3 })],
    ['WebP', webp('VP8 ', 1092, 1092)],
    ['lossless WebP', webp('VP8L', 1092, 1092)],
    ['extended WebP', webp('VP8X', 1092, 1092)],
  ])('%s', (_, bytes) => {
    expect(imageSize(base64(bytes))).toEqual({ width: 1092, height: 1092 })
    // Everything behind the header may be missing.
    expect(imageSize(base64(Buffer.concat([bytes, Buffer.alloc(5000)])))).toEqual({ width: 1092, height: 1092 })
  })

  test.each([png, gif, jpeg, (width: number, height: number) => webp('VP8L', width, height)])('with its sides in order', make => {
    expect(imageSize(base64(make(640, 31)))).toEqual({ width: 640, height: 31 })
  })

  test('of a WebP is read without the bits that say how to scale it', () => {
    expect(imageSize(base64(webp('VP8 ', 0x4000 | 640, 0xc000 | 480)))).toEqual({ width: 640, height: 480 })
  })

  test.each([
    ['a marker that stands alone', [0xff, 0x01]],
    ['a restart', [0xff, 0xd0]],
    ['Huffman tables', [0xff, 0xc4, 0, 9, 1, 2, 3, 4, 5, 6, 7]],
    ['an extension', [0xff, 0xc8, 0, 9, 1, 2, 3, 4, 5, 6, 7]],
    ['arithmetic tables', [0xff, 0xcc, 0, 9, 1, 2, 3, 4, 5, 6, 7]],
  ])('of a JPEG is not looked for in %s', (_, segment) => {
    const whole = jpeg(640, 480)
    const bytes = Buffer.concat([whole.subarray(0, 2), Buffer.from(segment), whole.subarray(2)])
    expect(imageSize(base64(bytes))).toEqual({ width: 640, height: 480 })
  })

  test('in base64 with line breaks', () => {
    const folded = base64(jpeg(300, 200, { before: [500] })).replace(/.{76}/g, '$&\r\n')
    expect(imageSize(folded)).toEqual({ width: 300, height: 200 })
  })

  test.each([
    ['nothing', ''],
    ['no base64', '????'],
    ['a PDF', base64(Buffer.from('%PDF-1.7 and more of it that follows'))],
    ['an empty PNG', base64(png(0, 10))],
    ['a PNG of no height', base64(png(10, 0))],
    ['a cut JPEG', base64(jpeg(10, 10).subarray(0, 22))],
    ['a JPEG that is cut within its width', base64(jpeg(2570, 10).subarray(0, 28))],
    ['a JPEG with nothing but an extension for its frame', base64(jpeg(10, 10, { frame: 0xc8 }))],
    ['a JPEG that goes on for ever', base64(Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(5000, 0xff)]))],
    ['a JPEG whose segments lead out of it', base64(jpeg(10, 10, { before: [60_000] }).subarray(0, 200))],
  ])('is not known of %s', (_, data) => {
    expect(imageSize(data)).toBeUndefined()
  })

  test('of a large one is read without decoding it', () => {
    const large = base64(Buffer.concat([png(4000, 3000), Buffer.alloc(20_000_000)]))
    const started = performance.now()
    for (let round = 0; round < 1000; round++) imageSize(large)
    expect(performance.now() - started).toBeLessThan(500)
  })
})
