import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { filesBelow, linesWith, read, root, typescriptBelow } from './source-files.ts'

const LONGEST_FILE = 300

const sources = typescriptBelow('src')
const scripts = [...filesBelow('scripts'), ...filesBelow('.ci')]

/** Split up, so that this file does not hold what it looks for. */
const unfinished = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`)
const REGISTRIES = ['registry.npmjs', 'registry.yarnpkg', 'npm.pkg.github', 'registry.npmmirror'] as const
const registryHost = new RegExp(REGISTRIES.map(name => `${name.replaceAll('.', '\\.')}\\.(?:org|com)`).join('|'))

describe('files of src', () => {
  test(`have at most ${LONGEST_FILE} lines`, () => {
    const lines = (file: string): number => read(file).trimEnd().split('\n').length
    expect(sources.filter(file => lines(file) > LONGEST_FILE).map(file => `${file}: ${lines(file)}`)).toEqual([])
  })

  test('are named after a concept', () => {
    const vague = /^(?:utils?|helpers?|common|types|misc|shared)(?:\.|$)/
    expect(sources.filter(file => file.split('/').some(part => vague.test(part)))).toEqual([])
  })

  test('are in kebab-case', () => {
    expect(sources.filter(file => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.d)?\.ts$/.test(basename(file)))).toEqual([])
  })

  test('make every dialect a folder with an index', () => {
    const folders = readdirSync(join(root, 'src/dialects'), { withFileTypes: true }).filter(entry => entry.isDirectory())
    expect(folders.length).toBeGreaterThan(1)
    const without = folders.filter(({ name }) => !existsSync(join(root, 'src/dialects', name, 'index.ts')))
    expect(without.map(({ name }) => name)).toEqual([])
  })
})

describe('the project', () => {
  test('holds nothing that is marked as unfinished', () => {
    expect(linesWith(unfinished, [...sources, ...typescriptBelow('test'), ...scripts])).toEqual([])
  })

  test('names no package registry', () => {
    const text = filesBelow('.').filter(file => statSync(join(root, file)).size < 2_000_000)
    expect(text).toContain('bun.lock')
    expect(linesWith(registryHost, text)).toEqual([])
  })

  test('has one lock file', () => {
    const others = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lockb']
    expect(others.filter(file => existsSync(join(root, file)))).toEqual([])
  })

  test('pins every dependency', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
    expect(loose).toEqual([])
  })

  test('has scripts that can be run', () => {
    const commands = scripts.filter(file => read(file).startsWith('#!'))
    expect(commands).toContain('scripts/serve')
    expect(commands.filter(file => (statSync(join(root, file)).mode & 0o111) === 0)).toEqual([])
  })
})
