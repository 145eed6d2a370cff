import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { Roster } from '../../src/core/roster.ts'

const member = (name: number) => ({ name, place: 0 })
const namesOn = (roster: Roster<{ name: number; place: number }>): number[] => {
  const names: number[] = []
  roster.each(({ name }) => names.push(name))
  return names.sort((a, b) => a - b)
}

test('who comes and goes is there like in a set', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9)), { maxLength: 60 }), steps => {
      const roster = new Roster<{ name: number; place: number }>()
      const members = Array.from({ length: 10 }, (_, name) => member(name))
      const there = new Set<number>()
      for (const [comes, name] of steps) {
        const one = members[name]
        if (!one) continue
        if (!comes) expect(roster.delete(one)).toBe(there.delete(name))
        else if (!there.has(name)) {
          roster.add(one)
          there.add(name)
        }
        expect([roster.size, namesOn(roster)]).toEqual([there.size, [...there].sort((a, b) => a - b)])
      }
    }),
  )
})

test('members may leave while they are looked through, and each is seen once', () => {
  const roster = new Roster<{ name: number; place: number }>()
  for (let name = 0; name < 5; name++) roster.add(member(name))
  const seen: number[] = []
  roster.each(one => {
    seen.push(one.name)
    if (one.name % 2 === 0) roster.delete(one)
  })
  expect(seen.sort()).toEqual([0, 1, 2, 3, 4])
  expect(namesOn(roster)).toEqual([1, 3])
})
