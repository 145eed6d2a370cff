import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/core/errors.ts'
import * as fields from '../../src/core/fields.ts'
import type { JsonObject } from '../../src/core/json.ts'

function problem(read: () => unknown): GatewayError {
  try {
    read()
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('was not refused')
}

describe('readers of a caller’s fields', () => {
  const body = JSON.parse('{"s":"x","n":1.5,"big":1e999,"b":true,"a":[],"o":{},"z":null}') as JsonObject

  test('name the field by its path and say what it is', () => {
    expect(problem(() => fields.optionalString(body, 'a', 'messages.0'))).toMatchObject({
      kind: 'invalid-request',
      param: 'messages.0.a',
      message: 'messages.0.a: must be a string, not an array',
    })
    expect(problem(() => fields.requiredArray(body, 'messages')).message).toBe('messages: is required')
    expect(problem(() => fields.requiredObject(body, 's')).message).toBe('s: must be an object, not a string')
    expect(problem(() => fields.asObject(null, 'tools.3')).message).toBe('tools.3: must be an object, not null')
    expect(problem(() => fields.optionalBoolean(body, 's')).message).toBe('s: must be a boolean, not a string')
    expect(problem(() => fields.optionalEnum(body, 's', ['a', 'b'])).message).toBe('s: must be one of a, b')
  })

  test('take null for absent', () => {
    for (const read of [
      fields.optionalString,
      fields.optionalBoolean,
      fields.optionalNumber,
      fields.optionalArray,
      fields.optionalObject,
    ]) {
      expect(read(body, 'z')).toBeUndefined()
      expect(read(body, 'missing')).toBeUndefined()
    }
    expect(problem(() => fields.requiredString(body, 'z')).message).toBe('z: is required')
  })

  test('hold numbers to their limits', () => {
    expect(fields.optionalNumber(body, 'n', '', { min: 1.5, max: 1.5 })).toBe(1.5)
    expect(problem(() => fields.optionalNumber(body, 'n', '', { integer: true })).message).toBe('n: must be an integer')
    expect(problem(() => fields.optionalNumber(body, 'n', '', { min: 2 })).message).toBe('n: must be at least 2')
    expect(problem(() => fields.optionalNumber(body, 'n', '', { max: 1 })).message).toBe('n: must be at most 1')
  })

  test('refuse a number too large to be one: it would go on as null', () => {
    expect(problem(() => fields.optionalNumber(body, 'big')).message).toBe('big: is out of range')
  })

  test('collect what is not known', () => {
    expect(fields.unknownFields({ a: 1, b: 2, c: undefined }, new Set(['a']))).toEqual({ b: 2 })
    expect(fields.unknownFields({ a: 1 }, new Set(['a']))).toBeUndefined()
  })
})
