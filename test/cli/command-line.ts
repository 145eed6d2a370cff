import { Command } from 'commander'
import type { AccountEnvironment } from '../../src/cli/account-command.ts'
import { Workplace } from '../config/workplace.ts'
import type { JetbrainsSimulator } from '../simulators/jetbrains.ts'

class Exit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`)
  }
}

export interface Ended {
  code: number
  out: string
  err: string
}

/** A working folder with a data dir, and commands run in it in this process. */
export class CommandLine {
  readonly place = new Workplace()

  /** @param config what `dragoman.json` holds, beside where the simulator is */
  constructor(
    readonly simulator: Pick<JetbrainsSimulator, 'url' | 'loginUrl'>,
    config: Record<string, unknown> = {},
  ) {
    this.configure(config)
  }

  configure(config: Record<string, unknown>): void {
    const { url, loginUrl } = this.simulator
    this.place.write('dragoman.json', { jetbrains: { base_url: url, oauth_url: url, login_url: loginUrl }, data_dir: 'data', ...config })
  }

  /** @param heard what was written so far, for what has to happen meanwhile */
  async run<Environment extends AccountEnvironment>(
    register: (program: Command, environment: Environment) => void,
    args: string[],
    more: Partial<Environment> = {},
    heard: (err: string) => void = () => {},
  ): Promise<Ended> {
    const ended: Ended = { code: -1, out: '', err: '' }
    const program = new Command('dragoman').exitOverride()
    const environment: AccountEnvironment = {
      load: flags => this.place.load({ flags, hasStoredKeys: true }),
      stdout: text => {
        ended.out += text
      },
      stderr: text => {
        ended.err += text
        heard(ended.err)
      },
      exit: code => {
        throw new Exit(code)
      },
      drained: async () => {},
      ...more,
    }
    register(program, environment as Environment)
    try {
      await program.parseAsync(args, { from: 'user' })
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      ended.code = error.code
    }
    return ended
  }
}
