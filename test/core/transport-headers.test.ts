import { expect, test } from 'bun:test'
import { TRANSPORT_HEADERS } from '../../src/core/transport-headers.ts'

test.each(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'te', 'trailer', 'upgrade', 'expect'])(
  '%s is the transport’s own',
  name => {
    expect(TRANSPORT_HEADERS.has(name)).toBe(true)
  },
)
