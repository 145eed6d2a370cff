import { Reader } from './read.ts'
import { type Config, configSchema } from './schema.ts'

/** The configuration of somebody who said nothing; paths stand as they are in the schema. */
export const defaultConfig = (): Config =>
  new Reader(
    () => {},
    path => path,
  ).read(configSchema, {}) as Config
