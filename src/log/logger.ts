import { pino } from 'pino'
import type { LineSink } from './sink.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /**
   * An `info` line of which the caller has written the members itself, as JSON text without braces: for what is said thousands of times a second. Not called
   * where nobody listens: see `says`.
   */
  line(members: string, message: string): void
  /** Whether lines of this level go anywhere. */
  says(level: 'debug' | 'info'): boolean
  setLevel(level: LogLevel): void
}

/** A JSON line as people read it. */
export type FormatLine = (line: string) => string

/**
 * One line an event: JSON for machines, coloured text for people. Nothing that is logged comes from a prompt or an answer, and causes are reduced to
 * what an error says of itself, never its enumerable fields (a failed fetch carries its whole URL there).
 */
export function createLogger(sink: LineSink, { level, format }: { level: LogLevel; format?: FormatLine }): Logger {
  const destination = { write: (line: string) => sink.write(format ? format(line) : line) }
  const logger = pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { cause: causeText },
    },
    destination,
  )
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    line: (members, message) => destination.write(`{"level":"info","time":"${now()}",${members},"msg":"${message}"}\n`),
    says: wanted => logger.isLevelEnabled(wanted),
    setLevel(level) {
      logger.level = level
    },
  }
}

/** The time as pino writes it; within a millisecond it is the same text. */
let last = { ms: 0, text: '' }

function now(): string {
  const ms = Date.now()
  if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString() }
  return last.text
}

function causeText(cause: unknown): string | undefined {
  if (cause === undefined) return undefined
  if (!(cause instanceof Error)) return withoutUrls(String(cause)).slice(0, 300)
  const stack = cause.stack?.split('\n').slice(1, 6).join(' ').replace(/\s+/g, ' ') ?? ''
  return withoutUrls(`${cause.name}: ${cause.message} ${stack}`).trim().slice(0, 1000)
}

const withoutUrls = (text: string): string => text.replace(/\b[a-z][a-z\d+.-]*:\/\/\S+/gi, '(address)')
