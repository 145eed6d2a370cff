import { isServing, liftRequestLimit } from './cli/reexec.ts'

// A server starts its process anew, so all that takes time to load comes behind.
if (isServing(process.argv.slice(2))) liftRequestLimit(process.env)
void import('./cli/program.ts').then(({ runProgram }) => runProgram())
