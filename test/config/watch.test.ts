import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ConfigWatch, watchConfig } from '../../src/config/watch.ts'
import { systemClock } from '../../src/core/clock.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { removeWorkplaces, Workplace } from './workplace.ts'

afterAll(removeWorkplaces)

const open: ConfigWatch[] = []
afterEach(() => {
  for (const watch of open.splice(0)) watch.close()
})

/** Watches `files`; `changed()` resolves with the next change. */
function watching(files: string[]) {
  let calls = 0
  let tell: () => void = () => {}
  const watch = watchConfig(
    files,
    () => {
      calls++
      tell()
    },
    systemClock,
  )
  open.push(watch)
  return {
    count: () => calls,
    changed: (act: () => void) =>
      new Promise<void>(resolve => {
        tell = resolve
        act()
      }),
  }
}

describe('changes', () => {
  test('written in place, replaced, deleted and made again', async () => {
    const file = new Workplace().write('dragoman.json', '{}')
    const { changed, count } = watching([file])
    await changed(() => writeFileSync(file, '{"a":1}'))
    await changed(() => {
      writeFileSync(`${file}.tmp`, '{"b":2}')
      renameSync(`${file}.tmp`, file)
    })
    await changed(() => unlinkSync(file))
    await changed(() => writeFileSync(file, '{"c":3}'))
    expect(count()).toBe(4)
  })

  test('a link that is turned to another folder, as container platforms do', async () => {
    const place = new Workplace()
    place.write('v1/config.json', '{}')
    place.write('v2/config.json', '{"a":1}')
    symlinkSync('v1', join(place.cwd, 'current'))
    const file = join(place.cwd, 'config.json')
    symlinkSync('current/config.json', file)
    const { changed } = watching([file])
    await changed(() => {
      symlinkSync('v2', join(place.cwd, 'next'))
      renameSync(join(place.cwd, 'next'), join(place.cwd, 'current'))
    })
  })

  test('a folder that goes away and comes back', async () => {
    const file = new Workplace().write('config/config.json', '{}')
    const { changed } = watching([file])
    await changed(() => rmSync(dirname(file), { recursive: true }))
    await changed(() => {
      mkdirSync(dirname(file))
      writeFileSync(file, '{"a":1}')
    })
    await changed(() => writeFileSync(file, '{"a":12}'))
  })

  test('a file that is not there yet, in a folder that is not there yet', async () => {
    const file = join(new Workplace().cwd, 'deep/er/config.json')
    const { changed } = watching([file])
    await changed(() => {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, '{}')
    })
  })

  test('one call for many writes; none for other files of the folder', async () => {
    const place = new Workplace()
    const file = place.write('dragoman.json', '{}')
    const { changed, count } = watching([file])
    await changed(() => {
      place.write('other.json', 'x')
      for (let length = 1; length < 20; length++) writeFileSync(file, ' '.repeat(length))
    })
    expect(count()).toBe(1)
  })
})

test('a file is read only once two looks agree, and never after close', async () => {
  const place = new Workplace()
  const file = place.write('dragoman.json', '{}')
  const clock = new FakeClock()
  let calls = 0
  const { promise: seen, resolve } = Promise.withResolvers<void>()
  const after = clock.after.bind(clock)
  clock.after = (ms, run) => {
    resolve()
    return after(ms, run)
  }
  const watch = watchConfig([file], () => calls++, clock)
  writeFileSync(file, '{"half')
  await seen
  clock.advance(50)
  writeFileSync(file, '{"half": "and the rest"}')
  clock.advance(50)
  expect(calls).toBe(0)
  clock.advance(50)
  expect(calls).toBe(1)
  writeFileSync(file, '{"another": 1}')
  watch.close()
  clock.advance(1000)
  expect(calls).toBe(1)
  expect(clock.waiting).toBe(0)
})
