import { describe, expect, test } from 'bun:test'
import { allowed, RouteTable } from '../../src/http/route-table.ts'

const table = new RouteTable([
  { method: 'GET', path: '/things' },
  { method: 'POST', path: '/things' },
  { method: 'GET', path: '/things/:id' },
  { method: 'PATCH', path: '/things/:id' },
  { method: 'DELETE', path: '/things/:id' },
  { method: 'POST', path: '/things/:id/check' },
  { method: 'GET', path: '/v1/models' },
  { method: 'GET', path: '/v1/models/*' },
  { method: 'DELETE', path: '/v1/models/*' },
  { method: 'GET', path: '/page.js' },
])

describe('the methods of a path', () => {
  test.each([
    ['/things', 'GET, HEAD, POST, OPTIONS'],
    ['/things/1', 'GET, HEAD, PATCH, DELETE, OPTIONS'],
    ['/things/a%2Fb%20c', 'GET, HEAD, PATCH, DELETE, OPTIONS'],
    ['/things/1/check', 'POST, OPTIONS'],
    ['/v1/models', 'GET, HEAD, OPTIONS'],
    ['/v1/models/a/b', 'GET, HEAD, DELETE, OPTIONS'],
    ['/page.js', 'GET, HEAD, OPTIONS'],
  ])('%s: %s', (path, methods) => {
    expect(allowed.text(table.methods(path))).toBe(methods)
    expect(allowed.header(table.methods(path))).toEqual({ allow: methods })
  })

  test.each(['/things/', '/things/1/', '/things/1/check/', '/things/1/other', '/things//check', '/x/things/1', '/pageXjs', '/v1', ''])(
    '%p is no path',
    path => {
      expect(table.methods(path)).toBeUndefined()
      expect(allowed.header(table.methods(path))).toEqual({})
    },
  )
})

test('the nearest path is found through slashes and versions', () => {
  expect(table.nearest('/things/1/')).toBe('/things/1')
  expect(table.nearest('//things//1/check/')).toBe('/things/1/check')
  expect(table.nearest('/models')).toBe('/v1/models')
  expect(table.nearest('/nothing/at/all')).toBeUndefined()
})
