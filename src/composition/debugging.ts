import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { DebugFiles } from '../log/debug-files.ts'
import type { Logger } from '../log/logger.ts'
import { reportOf } from '../operations/tracing/report.ts'
import { type Asked, RequestTrace } from '../operations/tracing/request-trace.ts'

const DEBUG_FOLDER = 'debug'

export interface DebuggingOptions {
  /** The configuration in effect: read anew for each request, so that a reload switches it. */
  config(): Pick<Config, 'debug_log' | 'log_file_limit'>
  dataDir: string
  clock: Clock
  log: Logger
}

/** `debug_log`: a file for each request, in `<data-dir>/debug`. */
export class Debugging {
  readonly #files: DebugFiles
  readonly #dir: string
  #on = false

  constructor(private readonly options: DebuggingOptions) {
    const { config, log } = options
    this.#dir = join(options.dataDir, DEBUG_FOLDER)
    this.#files = new DebugFiles({ dir: this.#dir, limit: () => config().log_file_limit, log })
  }

  /** Undefined where the request is to leave no file. */
  readonly trace = (asked: () => Asked): RequestTrace | undefined => {
    const { debug_log: wanted, log_file_limit: limit } = this.options.config()
    const isOn = wanted && limit > 0
    if (isOn !== this.#on) this.#switch(isOn)
    if (!isOn) return undefined
    const request = asked()
    const file = this.#files.open(request.requestId)
    return file && new RequestTrace(request, this.options.clock, trace => file.finish(trace.endedAt, () => reportOf(trace)))
  }

  /** Resolves when the requests that are over have their files. */
  flush(): Promise<void> {
    return this.#files.flush()
  }

  #switch(on: boolean): void {
    this.#on = on
    if (on) this.options.log.warn({ dir: this.#dir }, 'debug files are written: they hold what is asked and answered')
  }
}
