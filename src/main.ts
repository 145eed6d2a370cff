// Libraries that ask at run time whether this is a development machine get the same answer as the build: before any of them is loaded.
const { env } = process
env.NODE_ENV = 'production'
void import('./cli/program.ts').then(({ runProgram }) => runProgram())
