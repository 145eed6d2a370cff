import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { encodeMedia } from '../../../src/dialects/openai-chat/encode-media.ts'
import { readBase64, readDataUrl } from '../../../src/dialects/openai-chat/media.ts'
import type { MediaPart } from '../../../src/ir/message.ts'

describe('data URLs', () => {
  test('hold any bytes, in base64 and percent-encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), bytes => {
        const base64 = Buffer.from(bytes).toString('base64')
        const percent = [...bytes].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join('')
        expect(readDataUrl(`data:image/png;base64,${base64}`, 'p')?.base64).toBe(base64)
        expect(readDataUrl(`data:image/png,${percent}`, 'p')?.base64).toBe(base64)
      }),
    )
  })

  const cases: [string, string | undefined, string][] = [
    ['data:image/jpeg;name=x;base64,AAAA', 'image/jpeg', 'AAAA'],
    ['DATA:Image/PNG;charset=utf-8;BASE64,AAAA', 'image/png', 'AAAA'],
    ['data:image/jpg;base64,AAAA', 'image/jpeg', 'AAAA'],
    ['data:image/png;base64,AA\r\n AA', 'image/png', 'AAAA'],
    ['data:image/png;base64,AA%2BA', 'image/png', 'AA+A'],
    ['data:image/png;base64,-_AA', 'image/png', '+/AA'],
    ['data:;base64,iVBORw0KGgo=', 'image/png', 'iVBORw0KGgo='],
    ['data:;base64,AAAA', undefined, 'AAAA'],
    ['data:text/plain,h%C3%A9é', 'text/plain', Buffer.from('héé').toString('base64')],
  ]
  for (const [url, mediaType, base64] of cases) {
    test(JSON.stringify(url), () => expect(readDataUrl(url, 'p')).toEqual({ mediaType, base64 }))
  }

  test('without data or with broken data are refused by name', () => {
    for (const url of ['data:image/png;base64', 'data:image/png;base64,', 'data:image/png;base64,a=b', 'data:image/png;base64,ä']) {
      expect(() => readDataUrl(url, 'messages.0.x')).toThrow(expect.objectContaining({ param: 'messages.0.x' }))
    }
    expect(readDataUrl('https://example.com', 'p')).toBeUndefined()
  })

  test('bare base64 tells what it is by its first bytes', () => {
    const webp = Buffer.from('RIFF\x10\0\0\0WEBPVP8 ', 'latin1').toString('base64')
    expect(readBase64(webp, 'p').mediaType).toBe('image/webp')
    expect(readBase64('R0lGODlh', 'p').mediaType).toBe('image/gif')
    expect(readBase64('JVBERi0x', 'p').mediaType).toBe('application/pdf')
    expect(readBase64(Buffer.from('RIFF\x10\0\0\0WAVEfmt ', 'latin1').toString('base64'), 'p').mediaType).toBeUndefined()
  })
})

describe('encodeMedia', () => {
  const encode = (mediaType: string, source: MediaPart['source'], rest: Partial<MediaPart> = {}) =>
    encodeMedia({ type: 'media', mediaType, source, ...rest }, 'messages.0.content.1')

  test('images, sounds, files and text documents', () => {
    const base64 = { kind: 'base64', data: 'AAAA' } as const
    expect(encode('image/webp', base64)).toEqual({ type: 'image_url', image_url: { url: 'data:image/webp;base64,AAAA' } })
    expect(encode('image/*', { kind: 'url', url: 'https://e.com/x' })).toEqual({ type: 'image_url', image_url: { url: 'https://e.com/x' } })
    expect(encode('audio/mpeg', base64)).toEqual({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } })
    expect(encode('application/pdf', base64)).toEqual({
      type: 'file',
      file: { filename: 'document.pdf', file_data: 'data:application/pdf;base64,AAAA' },
    })
    expect(encode('text/plain', { kind: 'text', text: 'body' }, { name: 'a "b"' })).toEqual({
      type: 'text',
      text: '<document title="a \\"b\\"">\nbody\n</document>',
    })
    expect(encode('application/pdf', { kind: 'file', id: 'f', origin: 'openai-responses' })).toEqual({
      type: 'file',
      file: { file_id: 'f' },
    })
  })

  test('what has no part is refused by name', () => {
    const sources: [string, MediaPart['source']][] = [
      ['application/pdf', { kind: 'url', url: 'https://e.com/a.pdf' }],
      ['image/png', { kind: 'file', id: 'f', origin: 'anthropic' }],
      ['video/mp4', { kind: 'base64', data: 'AAAA' }],
      ['audio/flac', { kind: 'base64', data: 'AAAA' }],
    ]
    for (const [type, source] of sources) {
      expect(() => encode(type, source)).toThrow(expect.objectContaining({ kind: 'invalid-request', param: 'messages.0.content.1' }))
    }
  })
})
