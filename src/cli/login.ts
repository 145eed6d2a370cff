import type { Command } from 'commander'
import type { LoginEnvironment } from './login-environment.ts'
import { registerLoginJetbrains } from './login-jetbrains.ts'
import { registerLoginQwen } from './login-qwen.ts'
import { terminalOf, withExits } from './terminal.ts'

/** Adds `login qwen|jetbrains`. */
export function registerLogin(program: Command, environment: LoginEnvironment): void {
  const login = withExits(program.command('login').description('sign in to an account of your own'), terminalOf(environment))
  registerLoginQwen(login, environment)
  registerLoginJetbrains(login, environment)
}
