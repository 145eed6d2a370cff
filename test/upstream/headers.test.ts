import { describe, expect, test } from 'bun:test'
import { addressOf } from '../../src/upstream/address.ts'
import { HeaderList } from '../../src/upstream/http1/headers.ts'
import { requestText } from '../../src/upstream/http1/request-text.ts'

describe('an answer’s headers', () => {
  const list = new HeaderList('Content-Type: text/plain\r\nX-A:1\r\nx-b:  two  \r\nx-a: 3\r\nempty:\r\nbad\x01name: 4\r\nx a: 5\r\n', 0)

  test('by name in whatever case they came, several in one', () => {
    expect(list.get('content-type')).toBe('text/plain')
    expect(list.get('x-a')).toBe('1, 3')
    expect(list.get('x-b')).toBe('two')
    expect(list.get('empty')).toBe('')
    expect(list.get('x-c')).toBeNull()
    expect(list.get('content-typ')).toBeNull()
  })

  test('in turn, each once, without what is no name', () => {
    expect([...list]).toEqual([
      ['content-type', 'text/plain'],
      ['x-a', '1, 3'],
      ['x-b', 'two'],
      ['empty', ''],
    ])
    expect(() => new Headers([...list])).not.toThrow()
  })

  test('a name that is none is found under no name, and harms nobody who looks', () => {
    expect(list.get('bad\x01name')).toBeNull()
    expect(list.get('bad-name')).toBeNull()
    expect(list.get('x a')).toBeNull()
  })
})

describe('a request', () => {
  const address = addressOf('https://example.test:8443/v1/x?y=%20z')
  const text = (headers: Record<string, string>, standing: Record<string, string> = {}, body = '{}') =>
    requestText(address, { headers, standing, body })

  test('has its lines, the standing headers winning', () => {
    const { text: got, size } = text({ a: '1', b: '2' }, { b: '3' }, '{"ü":"😀"}')
    expect(got).toBe(
      'POST /v1/x?y=%20z HTTP/1.1\r\nhost: example.test:8443\r\naccept-encoding: identity\r\nb: 3\r\na: 1\r\ncontent-length: 13\r\n\r\n{"ü":"😀"}',
    )
    expect(size).toBe(Buffer.byteLength(got))
  })

  test('names its own host where the operator says so, and once', () => {
    expect(text({}, { host: 'inner.test' }).text.match(/host: .*/g)).toEqual(['host: inner.test'])
  })

  test.each([['a\r\nb'], ['a\nb'], ['a\rb'], ['a\0b'], ['\x7f'], ['ü']])('a value %p breaks out of no line', value => {
    expect(() => text({ 'x-key': value })).toThrow('the header x-key holds characters that no header can')
    expect(() => text({}, { 'x-key': value })).toThrow('the header x-key holds characters that no header can')
  })

  test.each([['a b'], ['a:b'], ['a\r\nb'], ['']])('nor a name %p', name => {
    expect(() => text({ [name]: 'secret' })).toThrow('a header has a name that is none')
  })

  test.each(['content-length', 'transfer-encoding', 'connection', 'expect', 'upgrade'])('%s is nobody else’s', name => {
    expect(() => text({}, { [name]: '1' })).toThrow(`the header ${name} cannot be set`)
  })
})

describe('an address', () => {
  test.each([
    [
      'http://example.test/a',
      { secure: false, hostname: 'example.test', port: 80, host: 'example.test', path: '/a', origin: 'http://example.test' },
    ],
    [
      'https://EXAMPLE.test',
      { secure: true, hostname: 'example.test', port: 443, host: 'example.test', path: '/', origin: 'https://example.test' },
    ],
    ['http://[::1]:81/a?b', { secure: false, hostname: '::1', port: 81, host: '[::1]:81', path: '/a?b', origin: 'http://[::1]:81' }],
    ['http://key:word@h.test/#part', { hostname: 'h.test', host: 'h.test', path: '/', origin: 'http://h.test' }],
    ['http://h.test/a\r\nx: y', { path: '/ax:%20y' }],
  ])('%s', (url, address) => {
    expect(addressOf(url)).toMatchObject(address)
  })

  test('is one of http or https', () => {
    expect(() => addressOf('file:///etc/passwd')).toThrow('no URL that can be called')
  })
})
