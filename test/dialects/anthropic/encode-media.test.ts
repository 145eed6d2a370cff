import { expect, test } from 'bun:test'
import { encodeMedia } from '../../../src/dialects/anthropic/encode-media.ts'
import type { MediaPart, MediaSource } from '../../../src/ir/message.ts'

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB'
const JPEG = Buffer.from('\xff\xd8\xff\xe0 and so on and on', 'latin1').toString('base64')
const WEBP = Buffer.from('RIFF\x01\x02\x03\x04WEBPVP8 ', 'latin1').toString('base64')
const PDF = Buffer.from('%PDF-1.7 and more than that').toString('base64')
const SVG = Buffer.from('<svg xmlns="x"></svg> and more').toString('base64')

const encode = (mediaType: string, source: MediaSource, name?: string) =>
  encodeMedia({ type: 'media', mediaType, source, name } satisfies MediaPart, 'messages.0.content.1')
const base64 = (data: string): MediaSource => ({ kind: 'base64', data })

test.each([
  ['image/png', PNG, 'image/png'],
  ['IMAGE/JPG; name=x', JPEG, 'image/jpeg'],
  ['image/png', JPEG, 'image/jpeg'],
  ['image/*', WEBP, 'image/webp'],
  ['image/jpg', 'AAAA', 'image/jpeg'],
])('image %s', (declared, data, media_type) => {
  expect(encode(declared, base64(data))).toEqual({ type: 'image', source: { type: 'base64', media_type, data } })
})

test('white space in base64 goes', () => {
  expect(encode('image/png', base64(`${PNG.slice(0, 10)}\n ${PNG.slice(10)}`))).toMatchObject({ source: { data: PNG } })
})

test('documents: PDF by type or bytes, text decoded', () => {
  expect(encode('application/octet-stream', base64(PDF), 'a.pdf')).toEqual({
    type: 'document',
    title: 'a.pdf',
    source: { type: 'base64', media_type: 'application/pdf', data: PDF },
  })
  const csv = Buffer.from('a,b\n1,ü').toString('base64')
  expect(encode('text/csv', base64(csv))).toEqual({
    type: 'document',
    source: { type: 'text', media_type: 'text/plain', data: 'a,b\n1,ü' },
  })
  // Not a bitmap, although it begins like one.
  expect(encode('text/plain', base64(Buffer.from('BM is short').toString('base64')))).toMatchObject({ source: { data: 'BM is short' } })
  expect(encode('text/plain', { kind: 'text', text: 'x' })).toMatchObject({ source: { type: 'text', data: 'x' } })
})

test('addresses and files', () => {
  expect(encode('image/*', { kind: 'url', url: 'https://a/b' })).toEqual({ type: 'image', source: { type: 'url', url: 'https://a/b' } })
  expect(encode('*/*', { kind: 'url', url: 'https://a/b.pdf?x=1' })).toEqual({
    type: 'document',
    source: { type: 'url', url: 'https://a/b.pdf?x=1' },
  })
  expect(encode('image/*', { kind: 'file', id: 'f', origin: 'anthropic' })).toEqual({
    type: 'image',
    source: { type: 'file', file_id: 'f' },
  })
  expect(encode('application/pdf', { kind: 'file', id: 'f', origin: 'anthropic' })).toEqual({
    type: 'document',
    source: { type: 'file', file_id: 'f' },
  })
})

test.each<[string, MediaSource]>([
  ['image/svg+xml', base64(SVG)],
  ['image/bmp', base64('AAAA')],
  ['image/*', base64('AAAA')],
  ['image/png', base64(Buffer.from('BM, as bitmaps begin').toString('base64'))],
  ['image/jpeg', base64(SVG)],
  ['audio/wav', base64('AAAA')],
  ['application/zip', base64('AAAA')],
  ['image/png', { kind: 'url', url: 'http://a/b.png' }],
  ['text/plain', { kind: 'url', url: 'https://a/b.txt' }],
  ['image/png', { kind: 'file', id: 'f', origin: 'openai-chat' }],
])("refuses %s by the caller's field", (mediaType, source) => {
  expect(() => encode(mediaType, source)).toThrow(expect.objectContaining({ kind: 'invalid-request', param: 'messages.0.content.1' }))
})
