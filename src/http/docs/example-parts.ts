import type { JsonObject } from '../../core/json.ts'

/** A PNG of one red pixel: a whole image, small enough to read past. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC'

/** One object with a city: what the examples' tool takes, and what their structured answer looks like. */
export const TEMPERATURE_SCHEMA: JsonObject = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}
